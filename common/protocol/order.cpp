#include "common/protocol/order.h"

#include <fmt/format.h>

#include <charconv>
#include <ctime>
#include <set>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/protocol/text_writer.h"

namespace distren::protocol {

namespace {

// UNIX ms of "2026-01-05T10:00:00.123Z", with or without milliseconds; 0: it is no such time.
std::int64_t time_of(std::string const& text) {
  std::tm parts{};
  char const* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (end == nullptr) return 0;
  std::int64_t ms = 0;
  char const* const last = text.c_str() + text.size();
  if (*end == '.' && std::from_chars(end + 1, last, ms).ptr == end + 4) end += 4;
  return std::string_view(end) == "Z" ? std::int64_t{1000} * timegm(&parts) + ms : 0;
}

Error wrong(std::string const& what) {
  return fail(Errc::invalid, "the order cannot be used: " + what);
}

Result<void> check(Input const& input) {
  if (auto const good = check_relative_path(input.path); !good) return wrong(good.error().message);
  if (!is_sha256_hex(input.sha256)) return wrong(fmt::format("{} has no SHA-256", input.path));
  if (input.size_bytes < 0) return wrong(fmt::format("{} has no usable size", input.path));
  if (input.url.empty()) return wrong(fmt::format("{} has no URL", input.path));
  return {};
}

// A path must not be both a file and a folder of another one.
Result<void> check(std::vector<Input> const& inputs) {
  std::set<std::string_view> paths;
  for (auto const& input : inputs) {
    if (auto const good = check(input); !good) return good;
    if (!paths.insert(input.path).second) return wrong(fmt::format("the file {} is there twice", input.path));
  }
  for (auto const& input : inputs)
    for (auto slash = input.path.find('/'); slash != std::string::npos; slash = input.path.find('/', slash + 1))
      if (paths.contains(std::string_view(input.path).substr(0, slash)))
        return wrong(fmt::format("{} is a file and a folder", input.path.substr(0, slash)));
  return {};
}

Result<void> check(OrderOutput const& output) {
  if (auto const good = check_relative_path(output.name); !good) return wrong(good.error().message);
  if (output.name.find('/') != std::string::npos) return wrong("the output's name has a folder in it");
  if (output.max_bytes <= 0) return wrong("the output's max_bytes");
  return {};
}

// Several outputs of a frame come with a version that offers to render them.
Result<void> check(OrderAttempt const& attempt) {
  if (attempt.attempt <= 0 || attempt.lease.empty()) return wrong("attempt or lease is missing");
  if (attempt.outputs.empty()) return {};
  if (attempt.outputs.size() > 1) return wrong(fmt::format("{} outputs of one frame", attempt.outputs.size()));
  if (!attempt.upload || attempt.upload->url.empty()) return wrong("it has an output but no upload");
  if (attempt.upload->protocol != tus_protocol) return wrong("the upload is not by tus-1.0");
  return check(attempt.outputs.front());
}

Result<void> check(OrderRenderer const& renderer) {
  if (renderer.method.empty()) return wrong("renderer.method is missing");
  if (!renderer.build.empty() && !is_sha256_hex(renderer.build)) return wrong("renderer.build is no SHA-256");
  if (!renderer.archive) return {};
  if (renderer.build.empty()) return wrong("renderer.archive is of no build");
  if (renderer.archive->url.empty()) return wrong("renderer.archive.url is missing");
  return {};
}

}  // namespace

Result<void> check(Order const& order) {
  if (order.attempts.empty()) return wrong("attempts is missing");
  for (auto const& attempt : order.attempts)
    if (auto const good = check(attempt); !good) return good;
  if (auto const good = check(order.renderer); !good) return good;
  return check(order.inputs);
}

Result<void> check(OrderUpdate const& update) {
  return check(update.order);
}

Result<void> check(Refresh const& refresh) {
  if (refresh.attempt <= 0) return fail(Errc::invalid, "attempt is missing or not a whole number");
  return {};
}

Result<void> check(InputList const& list) {
  return check(list.inputs);
}

OrderTemplate order_template(Order const& job) {
  OrderTemplate out;
  TextWriter writer(out.text, false);
  job_members(writer, job);
  return out;
}

namespace {

std::string write_frame(std::string_view type, OrderTemplate const& job, Order const& frame) {
  std::string out;
  out.reserve(1024 + job.text.size());
  out += R"({"type":")";
  out += type;
  out += '"';
  out += job.text;
  TextWriter rest(out, false);
  frame_members(rest, frame);
  out += '}';
  return out;
}

}  // namespace

std::string write_order(OrderTemplate const& job, Order const& frame) {
  return write_frame(Order::type, job, frame);
}

std::string write_order_update(OrderTemplate const& job, Order const& frame) {
  return write_frame(OrderUpdate::type, job, frame);
}

std::vector<FrameOrder> frames_of(Order const& order) {
  std::vector<FrameOrder> frames;
  for (auto const& attempt : order.attempts) {
    FrameOrder& frame = frames.emplace_back(FrameOrder{.attempt = attempt.attempt,
                                                       .task = attempt.task,
                                                       .job = order.job,
                                                       .frame = attempt.frame,
                                                       .owner = order.owner.value_or(OrderOwner{}),
                                                       .renderer = order.renderer,
                                                       .parameters = order.parameters,
                                                       .inputs = order.inputs,
                                                       .inputs_url = order.inputs_url,
                                                       .lease = attempt.lease,
                                                       .lease_ms = order.lease_ms,
                                                       .deadline_ms = order.deadline_ms});
    if (!attempt.outputs.empty()) frame.output = attempt.outputs.front();
    if (attempt.upload) frame.upload_url = attempt.upload->url;
    frame.urls_expire_ms = time_of(order.urls_expire_at);
    frame.parameters["frame"] = attempt.frame;
    if (!attempt.tile) continue;
    frame.parameters["first-column"] = attempt.tile->first_column;
    frame.parameters["last-column"] = attempt.tile->last_column;
    frame.parameters["first-row"] = attempt.tile->first_row;
    frame.parameters["last-row"] = attempt.tile->last_row;
  }
  return frames;
}

}  // namespace distren::protocol
