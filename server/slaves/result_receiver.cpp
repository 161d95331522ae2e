#include "server/slaves/result_receiver.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <set>
#include <utility>

#include "common/base/files.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/process/image_program.h"
#include "common/protocol/codec.h"
#include "common/protocol/result.h"
#include "common/render/output_names.h"
#include "server/dispatch/lease.h"
#include "server/dispatch/result_events.h"
#include "server/storage/job_folder.h"

namespace distren {

namespace {

constexpr int busy_retry_ms = 1000;
constexpr int retry_later_ms = 5000;

using protocol::VerdictCode;

std::string retry(std::int64_t attempt, int after_ms, VerdictCode code, std::string message) {
  return protocol::write(protocol::Verdict{.attempt = attempt,
                                           .code = code,
                                           .message = std::move(message),
                                           .retry_ms = after_ms,
                                           .upload_again = code == VerdictCode::upload_missing});
}

// Texts of a stranger, each kind once.
std::vector<protocol::RenderWarning> cleaned_warnings(std::vector<protocol::RenderWarning> said) {
  std::vector<protocol::RenderWarning> out;
  for (auto& each : said) {
    each.code = printable(each.code);
    each.message = printable(each.message);
    if (each.message.empty()) continue;
    auto const same = std::ranges::find_if(
        out, [&each](auto const& kept) { return kept.code == each.code && kept.message == each.message; });
    if (same == out.end())
      out.push_back(std::move(each));
    else
      same->count += std::min(each.count, static_cast<int>(protocol::limits::counts.max) - same->count);
  }
  return out;
}

}  // namespace

ResultReceiver::ResultReceiver(Settings settings, Dispatcher& dispatcher, Uploads& uploads, StagedResults& staged)
    : settings_(std::move(settings)), dispatcher_(dispatcher), uploads_(uploads), staged_(staged) {}

void ResultReceiver::tell_report(AttemptReport report, std::function<void(std::string answer)> answer) {
  dispatcher_.tell(
      [report = std::move(report), answer = std::move(answer)](DispatchCore& core, std::int64_t now) mutable {
        report_result(core, std::move(report), std::move(answer), now);
      });
}

std::optional<ExpectedResult> ResultReceiver::ask_expected(AttemptReport const& report) {
  return dispatcher_.ask(
      [&report](DispatchCore const& core, std::int64_t) { return expected_result(core, report.attempt, report.task); });
}

// Its numbers are claims of the slave; the message has held them to their limits.
Result<ResultReceiver::Message> ResultReceiver::verify(std::int64_t slave, protocol::ResultReport result) const {
  auto const lease = verify_lease(result.lease, settings_.lease_key);
  if (!lease || lease->attempt != result.attempt || lease->slave != slave)
    return fail(Errc::denied, "the lease of this result was not given by this server to this slave for this attempt");
  Message out;
  out.report.attempt = result.attempt;
  out.report.task = lease->task;
  out.report.slave = slave;
  out.report.given_ms = lease->expires_ms - settings_.lease_ms;
  out.report.terms = lease->terms;
  out.report.cpu_ms = result.cpu_ms;
  out.report.wall_ms = result.wall_ms;
  out.report.memory_mib = result.peak_memory_mib;
  out.report.reason = std::move(result.message);
  out.report.warnings = cleaned_warnings(std::move(result.warnings));
  if (result.outcome != protocol::Outcome::done) out.report.result_code = result.code;
  switch (result.outcome.value_or(protocol::Outcome::failed)) {
    case protocol::Outcome::failed:
      out.report.outcome = store::Outcome::failed;
      if (out.report.reason.empty()) out.report.reason = "the slave gave no reason";
      out.log = cleaned_log(result.log);
      break;
    case protocol::Outcome::returned:
      out.report.outcome = store::Outcome::returned;
      break;
    case protocol::Outcome::done:
      out.report.outcome = store::Outcome::accepted;
      if (result.outputs.empty()) break;
      out.with_output = true;
      out.upload = std::move(result.outputs.front().upload_id);
      out.report.output_size = result.outputs.front().size_bytes;
      out.report.output_sha256 = std::move(result.outputs.front().sha256);
      for (auto each = result.outputs.begin() + 1; each != result.outputs.end(); ++each) {
        out.more_uploads.push_back(std::move(each->upload_id));
        out.report.more_outputs.push_back(
            {.name = std::move(each->name), .size = each->size_bytes, .sha256 = std::move(each->sha256)});
      }
  }
  return out;
}

Result<void> ResultReceiver::receive(std::int64_t slave, protocol::ResultReport result, WorkerPool& workers,
                                     std::function<void(std::string answer)> answer) {
  auto verified = verify(slave, std::move(result));
  if (!verified) return verified.error();
  if (!verified->with_output) {
    auto const keep = [this, message = *verified, answer](Worker&) {
      keep_log(message);
      tell_report(message.report, answer);
    };
    // A log is worth a try, and no more: the result counts without it.
    if (verified->log.empty() || !workers.submit(keep)) tell_report(std::move(verified->report), std::move(answer));
    return {};
  }
  std::int64_t const attempt = verified->report.attempt;
  auto const work = [this, message = std::move(*verified), answer](Worker& worker) {
    store_image(message, worker.database, answer);
  };
  if (!workers.submit(work)) answer(retry(attempt, busy_retry_ms, VerdictCode::busy, "the server is busy"));
  return {};
}

void ResultReceiver::keep_log(Message const& message) {
  auto const expected = ask_expected(message.report);
  if (!expected || expected->job == 0) return;
  auto const file = log_file(settings_.stor, expected->job, message.report.task);
  std::error_code error;
  if (!std::filesystem::is_directory(job_folder(settings_.stor, expected->job), error)) return;
  std::filesystem::create_directory(file.parent_path(), error);
  if (auto const kept = write_file_durably(file, message.log); !kept)
    spdlog::warn("result: attempt={} its log is not kept: {}", message.report.attempt, quote(kept.error().message));
}

// Said again while the first saying is being looked at (the line broke): that one's file is about to be moved.
void ResultReceiver::store_image(Message message, Database& database, std::function<void(std::string answer)> answer) {
  std::int64_t const attempt = message.report.attempt;
  {
    std::lock_guard const lock(mutex_);
    if (!in_hand_.insert(attempt).second)
      return answer(retry(attempt, busy_retry_ms, VerdictCode::busy, "this result is being looked at"));
  }
  // Before the answer: who hears it may say the result again at once.
  auto const release = [this, attempt, released = std::make_shared<std::atomic<bool>>(false)] {
    if (released->exchange(true)) return;
    std::lock_guard const lock(mutex_);
    in_hand_.erase(attempt);
  };
  look_and_store(std::move(message), database, [release, answer = std::move(answer)](std::string text) {
    release();
    answer(std::move(text));
  });
  release();
}

// Its own: the message may name others'.
void ResultReceiver::forget_uploads(Message const& message) {
  auto const& report = message.report;
  auto ids = message.more_uploads;
  ids.push_back(message.upload);
  for (auto const& id : ids)
    if (uploads_.finished_upload(id, report.attempt, report.slave)) uploads_.forget(id);
}

Result<FinishedUpload> ResultReceiver::check_further(Message const& message, ExpectedResult const& expected,
                                                     store::FurtherOutput& output, std::string const& upload) {
  auto const& report = message.report;
  auto found = uploads_.finished_upload(upload, report.attempt, report.slave);
  if (!found) return found;
  if (found->sha256 != output.sha256 || found->size != output.size)
    return fail(Errc::invalid, fmt::format("the upload of '{}' is not the file that the result describes", output.name),
                "digest_differs");
  auto const facts =
      check_further_image(settings_.checker, found->path, fmt::format("slave {} job {}", report.slave, expected.job));
  if (!facts && facts.error().code == Errc::unavailable) return facts.error();
  if (!facts) return fail(Errc::invalid, fmt::format("'{}': {}", output.name, facts.error().message), "undecodable");
  output.width = facts->width;
  output.height = facts->height;
  output.format = facts->format;
  return found;
}

Result<std::vector<std::filesystem::path>> ResultReceiver::check_all_further(Message& message,
                                                                             ExpectedResult const& expected) {
  std::vector<std::filesystem::path> files;
  std::set<std::string_view> names{expected.name};
  for (std::size_t i = 0; i < message.more_uploads.size(); ++i) {
    auto& output = message.report.more_outputs[i];
    if (auto const good = check_output_name(output.name); !good)
      return fail(Errc::invalid, good.error().message, "output_name_invalid");
    if (!names.insert(output.name).second || is_main_output_name(expected.output.pattern, output.name))
      return fail(Errc::invalid, fmt::format("the name '{}' is that of another file of the job", output.name),
                  "output_name_invalid");
    auto found = check_further(message, expected, output, message.more_uploads[i]);
    if (!found) return found.error();
    files.push_back(std::move(found->path));
  }
  return files;
}

void ResultReceiver::look_and_store(Message message, Database& database,
                                    std::function<void(std::string answer)> answer) {
  AttemptReport& report = message.report;
  std::int64_t const attempt = report.attempt;
  auto const expected = ask_expected(report);
  if (!expected || expected->output.format.empty()) {
    // Nothing to put in place: the journal knows whether this attempt was the one.
    forget_uploads(message);
    report.output.clear();
    report.more_outputs.clear();
    tell_report(std::move(report), std::move(answer));
    return;
  }
  auto const refuse = [&](VerdictCode code, std::string reason) {
    forget_uploads(message);
    spdlog::warn("result: attempt={} slave={} rejected: {}", attempt, report.slave, quote(reason));
    report.outcome = store::Outcome::rejected;
    report.reason = std::move(reason);
    report.code = code;
    tell_report(std::move(report), answer);
  };
  auto const upload = uploads_.finished_upload(message.upload, attempt, report.slave);
  if (!upload) return answer(retry(attempt, 0, VerdictCode::upload_missing, upload.error().message));
  if (upload->sha256 != report.output_sha256 || upload->size != report.output_size) {
    return refuse(VerdictCode::digest_differs, "the upload is not the file that the result describes");
  }
  // A slave's images of a job: each of a benchmark stands alone.
  std::string source = expected->job == 0 ? "" : fmt::format("slave {} job {}", report.slave, expected->job);
  if (auto const good =
          check_image(settings_.checker, upload->path, expected->output, expected->code.value_or(0), std::move(source));
      !good) {
    if (good.error().code == Errc::unavailable) {
      spdlog::error("result: attempt={} cannot be looked at: {}", attempt, good.error().message);
      return answer(
          retry(attempt, retry_later_ms, VerdictCode::busy, "the server cannot look at images at the moment"));
    }
    return refuse(good.error().problem == wrong_size_problem ? VerdictCode::wrong_size : VerdictCode::undecodable,
                  good.error().message);
  }

  if (expected->job == 0 || expected->tile) {  // tiles are stitched, and what lies beside them is not
    auto const first = std::exchange(message.upload, {});
    forget_uploads(message);
    message.upload = first;
    message.more_uploads.clear();
    report.more_outputs.clear();
  }
  if (expected->job == 0) {  // a benchmark's image is not needed any more
    forget_uploads(message);
    tell_report(std::move(report), std::move(answer));
    return;
  }
  auto const more = check_all_further(message, *expected);
  if (!more && more.error().code == Errc::not_found)
    return answer(retry(attempt, 0, VerdictCode::upload_missing, more.error().message));
  if (!more && more.error().code == Errc::unavailable) {
    spdlog::error("result: attempt={} cannot be looked at: {}", attempt, more.error().message);
    return answer(retry(attempt, retry_later_ms, VerdictCode::busy, "the server cannot look at images at the moment"));
  }
  if (!more) return refuse(protocol::verdict_code_named(more.error().problem), more.error().message);
  switch (
      dispatcher_.ask([&report](DispatchCore& core, std::int64_t now) { return begin_commit(core, report, now); })) {
    case CommitDecision::busy:
      return answer(retry(attempt, busy_retry_ms, VerdictCode::busy, "another result for this frame is being stored"));
    case CommitDecision::not_needed:
      forget_uploads(message);
      report.more_outputs.clear();
      tell_report(std::move(report), std::move(answer));
      return;
    case CommitDecision::proceed:
      break;
  }
  auto const give_up = [&] {
    dispatcher_.tell([attempt](DispatchCore& core, std::int64_t now) { abort_commit(core, attempt, now); });
  };
  std::vector<std::filesystem::path> files{upload->path};
  files.insert(files.end(), more->begin(), more->end());
  StagedResult result{.job = expected->job, .task = report.task, .attempt = attempt};
  result.files.push_back({expected->name, report.output_sha256});
  for (auto const& each : report.more_outputs) result.files.push_back({each.name, each.sha256});
  auto staged = staged_.stage(std::move(result), files);
  if (staged && !report.more_outputs.empty()) {
    // After staging: of two frames that bring one name, the later finds the other here or in the database.
    auto const taken = store::find_taken_output_names(database, expected->job, report.task, report.more_outputs);
    if (!taken) staged = taken.error();
    if (taken && !taken->empty())
      staged = fail(Errc::conflict, fmt::format("another frame of the job has a file '{}'", taken->front()));
    if (!staged) staged_.settle(attempt, false);
  }
  if (!staged && staged.error().code == Errc::conflict) {
    give_up();
    return refuse(VerdictCode::output_name_invalid, staged.error().message);
  }
  if (!staged) {
    give_up();
    spdlog::error("result: attempt={} cannot be stored: {}", attempt, staged.error().message);
    bool const here = std::ranges::all_of(files, [](auto const& file) { return std::filesystem::exists(file); });
    if (!here) forget_uploads(message);  // they were moved before it failed
    return answer(retry(attempt, retry_later_ms, here ? VerdictCode::busy : VerdictCode::upload_missing,
                        "the server cannot store the image at the moment"));
  }
  forget_uploads(message);
  report.output = expected->name;
  tell_report(std::move(report), std::move(answer));
}

}  // namespace distren
