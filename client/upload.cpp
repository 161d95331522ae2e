#include "client/upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "client/parallel.h"
#include "client/upload_notes.h"
#include "common/base/digest.h"
#include "common/base/text.h"
#include "common/http/tus_client.h"

namespace distren::client {
namespace {

constexpr std::size_t digests_per_question = 10000;
constexpr std::size_t uploads_at_once = 3;

std::int64_t total_size(std::vector<SourceFile> const& files) {
  std::int64_t total = 0;
  for (auto const& file : files) total += file.size;
  return total;
}

double share(std::int64_t done, std::int64_t total) {
  return total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 1.0;
}

// One file for each digest that the server lacks.
Result<std::vector<SourceFile>> missing_files_of(Session& session, std::vector<SourceFile> const& files) {
  std::map<std::string, SourceFile> by_digest;
  for (auto const& file : files) by_digest.try_emplace(file.sha256, file);
  std::vector<SourceFile> missing;
  auto question = Json::array();
  auto ask = [&]() -> Result<void> {
    auto answer = session.send("POST", "/api/v1/blobs/find-missing", Json{{"sha256", question}}, "the list of files");
    if (!answer) return answer.error();
    std::set<std::string> lacking;
    for (auto const& digest : list_of(*answer, "missing"))
      if (digest.is_string()) lacking.insert(digest.get<std::string>());
    for (auto const& digest : question)
      if (lacking.contains(digest.get<std::string>())) missing.push_back(by_digest.at(digest.get<std::string>()));
    question = Json::array();
    return {};
  };
  for (auto const& [digest, file] : by_digest) {
    question.push_back(digest);
    if (question.size() < digests_per_question) continue;
    if (auto asked = ask(); !asked) return asked.error();
  }
  if (!question.empty())
    if (auto asked = ask(); !asked) return asked.error();
  return missing;
}

}  // namespace

Result<void> compute_digests(std::vector<SourceFile>& files, Progress& progress) {
  auto const total = total_size(files);
  std::int64_t done = 0;
  for (auto& file : files) {
    if (interrupted) return fail(Errc::unavailable, "interrupted");
    auto digest = sha256_file(file.file);
    if (!digest) return digest.error();
    std::error_code code;
    if (static_cast<std::int64_t>(std::filesystem::file_size(file.file, code)) != file.size || code)
      return fail(Errc::invalid, fmt::format("'{}' changed while it was read; submit again", file.path));
    file.sha256 = to_hex(*digest);
    done += file.size;
    progress.update(share(done, total), fmt::format("reading {} files", files.size()));
  }
  progress.clear();
  return {};
}

Result<std::int64_t> upload_missing(Session& session, std::vector<SourceFile> const& files, Progress& progress) {
  auto missing = missing_files_of(session, files);
  if (!missing) return missing.error();
  if (missing->empty()) return std::int64_t{0};
  // large files first: one at the end would be uploaded alone
  std::ranges::sort(*missing, std::greater{}, &SourceFile::size);

  auto const total = total_size(*missing);
  std::vector<std::atomic<std::int64_t>> sent(missing->size());
  Rate rate(std::chrono::seconds(20));
  std::mutex mutex;  // protects rate
  auto show = [&] {
    std::int64_t done = 0;
    for (auto const& each : sent) done += each;
    std::lock_guard const lock(mutex);
    rate.add(std::chrono::steady_clock::now(), static_cast<double>(done));
    auto const left = rate.time_to(static_cast<double>(total));
    auto const speed = left ? fmt::format(", {}/s, {} left", human_size(static_cast<std::int64_t>(rate.per_second())),
                                          human_time(*left))
                            : "";
    progress.update(share(done, total),
                    fmt::format("uploading {} of {}{}", human_size(done), human_size(total), speed));
  };
  UploadNotes const notes(session.settings().folder / "uploads", session.settings().server);
  std::vector<std::atomic<std::int64_t>> resumed(missing->size());  // bytes of an earlier process
  auto upload_one = [&](std::size_t i, HttpClient& client) -> Result<void> {
    auto const& file = (*missing)[i];
    TusUpload upload;
    upload.creation_url = session.url("/api/v1/uploads");
    upload.path = file.file;
    upload.size = file.size;
    upload.sha256 = file.sha256;
    upload.filename = file.file.filename();
    upload.bearer = session.settings().token;
    bool const noted = file.size > upload.part_size;  // others are sent by one request
    if (noted) upload.location = notes.find(file.sha256);
    resumed[i] = upload.location.empty() ? 0 : -1;  // not known yet
    upload.placed = [&, i, noted](std::string const& location) {
      resumed[i] = 0;
      if (noted) notes.keep(file.sha256, location);
    };
    upload.sent = [&, i](std::int64_t bytes) {
      if (resumed[i] < 0) resumed[i] = bytes;
      sent[i] = bytes;
      show();
    };
    auto id = upload_by_tus(client, upload);
    if (id && noted) notes.forget(file.sha256);
    return id ? Result<void>() : Result<void>(id.error());
  };
  auto uploaded = for_each_parallel(session, missing->size(), uploads_at_once, upload_one);
  progress.clear();
  if (!uploaded) return uploaded.error();
  auto bytes = total;
  for (auto const& each : resumed) bytes -= std::max<std::int64_t>(each, 0);
  return bytes;
}

}  // namespace distren::client
