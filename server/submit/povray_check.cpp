#include "server/submit/povray_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "common/base/text.h"
#include "scene/blend/file_series.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_files = 50;  // looked into for what they need themselves

class PovrayChecker {
public:
  PovrayChecker(store::NewJob const& job, ReadPovray const& read, BlendFindings& findings)
      : job_(job), read_(read), findings_(findings) {
    for (auto const& file : job.files) paths_.insert(file.path);
  }

  Result<void> run();

private:
  Result<void> look_into(std::string const& path);
  Result<void> take(PovrayReference const& need, std::string const& referrer);
  // POV-Ray looks beside the scene, whoever names the file, and then from the job's root.
  [[nodiscard]] std::string place_of(PovrayReference const& need) const;
  void warn(Finding finding) {
    if (findings_.warnings.size() < most_warnings) findings_.warnings.push_back(std::move(finding));
  }
  void list(PovrayReference const& need, char const* state) {
    if (findings_.needs.size() < max_external_files)
      findings_.needs.push_back({printable(need.path, 1000), need.kind, state});
  }

  store::NewJob const& job_;
  ReadPovray const& read_;
  BlendFindings& findings_;
  std::set<std::string> paths_;
  std::set<std::string> seen_;
  std::vector<std::string> includes_;  // still to be looked into
  bool clock_ = false;
  bool complete_ = true;  // all that it includes was looked into
};

std::string PovrayChecker::place_of(PovrayReference const& need) const {
  for (auto const& folder : {fs::path(job_.source).parent_path(), fs::path()}) {
    auto const path = (folder / need.path).lexically_normal();
    if (paths_.contains(path.generic_string())) return path.generic_string();
    if (!need.computed) continue;
    FileSeries const names(path.filename().string(), Extent::pattern);
    for (auto const& each : paths_)
      if (fs::path(each).parent_path() == path.parent_path() && names.has(fs::path(each).filename().string()))
        return each;
  }
  return {};
}

Result<void> PovrayChecker::take(PovrayReference const& need, std::string const& referrer) {
  auto const who = fmt::format("{}{} '{}'", referrer == job_.source ? "" : printable(referrer, 200) + ": ",
                               need.kind == "include" ? "included file" : need.kind, printable(need.path, 200));
  if (auto const place = place_of(need); !place.empty()) {
    if (need.kind == "include") includes_.push_back(place);
    list(need, "included");
    return {};
  }
  bool const absolute = need.path.starts_with('/') || need.path.find(":\\") == 1 || need.path.find(":/") == 1;
  list(need, absolute ? "absolute_path" : "missing");
  complete_ = complete_ && need.kind != "include";
  auto const sentence =
      absolute ? fmt::format(
                     "{} is named by an absolute path and will not be found elsewhere; name it from the "
                     "scene's folder and submit it",
                     who)
               : fmt::format(
                     "{} is missing: it was not submitted and does not come with POV-Ray; submit the folder "
                     "that holds it",
                     who);
  // A later file may be reached by a branch of an earlier one, which cannot be followed here.
  if (need.certain && referrer == job_.source && need.kind != "file") {
    return fail(Errc::invalid,
                fmt::format("{}: {}; without it no frame can be rendered", printable(job_.source, 200), sentence));
  }
  warn(
      {.code = absolute ? "absolute_path" : "missing_file", .message = sentence, .subject = printable(need.path, 200)});
  return {};
}

Result<void> PovrayChecker::look_into(std::string const& path) {
  auto const summary = read_(path);
  if (!summary) {
    if (path == job_.source || summary.error().code == Errc::unavailable)
      return fail(summary.error().code, fmt::format("{}: {}", printable(path, 200), summary.error().message));
    complete_ = false;
    warn({.code = "unreadable_file",
          .message =
              fmt::format("the included file {} cannot be read: {}", printable(path, 200), summary.error().message),
          .subject = printable(path, 200)});
    return {};
  }
  clock_ = clock_ || summary->uses_clock;
  complete_ = complete_ && !summary->cut;
  if (path == job_.source && summary->version.empty())
    warn({.code = "version_missing",
          .message = "it does not begin with #version; POV-Ray takes it for one of version 3.6 and may render it "
                     "differently",
          .subject = printable(path, 200)});
  if (summary->writes_files)
    warn({.code = "file_output_disabled",
          .message = fmt::format("{} writes files, which go nowhere here", printable(path, 200)),
          .subject = printable(path, 200)});
  if (summary->unclosed)
    warn({.code = "file_cut_short",
          .message =
              fmt::format("{} ends while a brace, comment or text is open: is it cut short?", printable(path, 200)),
          .subject = printable(path, 200)});
  for (auto const& need : summary->references)
    if (auto taken = take(need, path); !taken) return taken;
  return {};
}

Result<void> PovrayChecker::run() {
  includes_.push_back(job_.source);
  while (!includes_.empty()) {
    auto const path = includes_.back();
    includes_.pop_back();
    if (!seen_.insert(path).second) continue;
    if (seen_.size() > most_files) {
      complete_ = false;
      break;
    }
    if (auto looked = look_into(path); !looked) return looked;
  }
  if (job_.frames.size() > 1 && complete_ && !clock_)
    warn({.code = "not_animated", .message = "it does not use clock or frame_number: all its frames will look alike"});
  return {};
}

}  // namespace

Result<void> check_povray(store::NewJob const& job, ReadPovray const& read, BlendFindings& findings) {
  return PovrayChecker(job, read, findings).run();
}

}  // namespace distren
