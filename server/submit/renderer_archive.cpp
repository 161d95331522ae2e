#include "server/submit/renderer_archive.h"

#include <elf.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <system_error>

#include "common/base/text.h"
#include "common/process/process.h"
#include "common/process/sandbox.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

constexpr auto patience_for_version = std::chrono::seconds(60);
constexpr std::int64_t small_archive = std::int64_t{64} << 20;  // of these no ratio is asked: tar alone is 512 B a file

// Removed with the object.
struct TemporaryFolder {
  fs::path path;  // empty: it could not be made
  explicit TemporaryFolder(fs::path const& beside) {
    auto name = (beside / ".unpacked-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path = name;
  }
  TemporaryFolder(TemporaryFolder const&) = delete;
  TemporaryFolder& operator=(TemporaryFolder const&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path.empty()) fs::remove_all(path, ignored);
  }
};

struct Contents {
  std::int64_t bytes = 0;
  bool own_root = false;
  std::string root{};     // relative to where it was unpacked
  std::string program{};  // relative to root
};

// The child writes into the folder and nowhere else.
Result<Contents> unpack_sandboxed(ArchiveReader const& reader, std::string const& program, fs::path const& archive,
                                  fs::path const& folder) {
  ProcessOptions options;
  options.argv = {reader.program.string(),
                  "--reader",
                  "archive",
                  "--into",
                  "/unpacked",
                  "--program",
                  program,
                  "--max-bytes",
                  fmt::to_string(reader.max_bytes),
                  "--max-entries",
                  fmt::to_string(reader.max_entries),
                  "/archive"};
  options.error_output = ErrorOutput::discarded;
  options.limits = {.open_files = 64, .nice = 5};
  Sandbox box;
  box.bindings = {{archive, "/archive", false}, {folder, "/unpacked", true}};
  box.temporary_size = 1U << 20;
  if (auto entered = enter_sandbox(options, box); !entered) return entered.error();
  auto const report = run_process(std::move(options), reader.deadline);
  if (!report) return fail(Errc::unavailable, report.error().message);
  if (report->timed_out)
    return fail(Errc::invalid, fmt::format("it took longer than {} to unpack", human_time(reader.deadline.count())));
  auto const answer = nlohmann::json::parse(report->output, nullptr, false);
  if (!answer.is_object() || !answer.value("ok", false)) {
    auto const said = answer.is_object() ? answer.value("error", "") : std::string();
    auto const code =
        answer.is_object() && answer.value("code", "") == "unavailable" ? Errc::unavailable : Errc::invalid;
    return fail(code,
                said.empty() ? fmt::format("it cannot be unpacked: {}", report->end.text()) : printable(said, 600));
  }
  auto const found = answer.value("archive", nlohmann::json::object());
  return Contents{found.value("bytes", std::int64_t{0}), found.value("own_root", false), found.value("root", ""),
                  found.value("program", "")};
}

std::string first_bytes(fs::path const& file) {
  std::ifstream in(file, std::ios::binary);
  std::string bytes(64, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return bytes;
}

// A link of a tree is followed as if the tree were the root, a few times.
fs::path followed(fs::path const& root, fs::path path) {
  std::error_code error;
  for (int links = 0; links < 8 && fs::is_symlink(root / path, error); ++links) {
    auto const target = fs::read_symlink(root / path, error);
    path = (target.is_absolute() ? target.relative_path() : path.parent_path() / target).lexically_normal();
    if (path.empty() || *path.begin() == "..") return root;
  }
  return root / path;
}

Result<std::string> ask_version(RenderMethod const& method, fs::path const& folder, Contents const& contents) {
  ProcessOptions options;
  Sandbox box;
  fs::path const root = contents.root == "." ? folder : folder / contents.root;
  if (contents.own_root) {
    bool const shown = [&root](auto& sandbox) {
      if constexpr (requires { sandbox.tree; }) sandbox.tree = root;
      return requires {
        sandbox.tree;
      };
    }(box);
    if (!shown) return fail(Errc::unavailable, "this server's sandbox shows no whole tree");
    options.argv = {"/" + contents.program};
  } else {
    options.argv = {(root / contents.program).string()};  // its folder is shown under its own name
  }
  options.argv.insert(options.argv.end(), method.version_arguments.begin(), method.version_arguments.end());
  options.limits = {.nice = 5};
  if (auto entered = enter_sandbox(options, box); !entered) return entered.error();
  auto const report = run_process(std::move(options), patience_for_version);
  if (!report) return fail(Errc::unavailable, report.error().message);
  std::istringstream lines(report->output);
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    if (auto const groups = method.version_pattern.match(line); groups && groups->size() > 1) return groups->at(1);
    if (!line.empty()) last = line;
  }
  if (!method.version_missing.empty() && report->end.ok()) return fail(Errc::invalid, method.version_missing);
  return fail(Errc::invalid, fmt::format("its {} {} without printing a version{}", contents.program,
                                         report->timed_out ? "took too long" : report->end.text(),
                                         last.empty() ? "" : ": " + printable(last, 300)));
}

}  // namespace

void sweep_unpacked(fs::path const& work) {
  std::error_code ignored;
  fs::remove_all(work, ignored);
}

std::string own_platform() {
  utsname names{};
  if (::uname(&names) != 0) return "linux-unknown";
  return fmt::format("linux-{}", static_cast<char const*>(names.machine));
}

std::string platform_of(std::string_view bytes) {
  if (bytes.starts_with("MZ")) return "a Windows program";
  if (bytes.starts_with("\xcf\xfa\xed\xfe") || bytes.starts_with("\xca\xfe\xba\xbe")) return "a macOS program";
  if (bytes.starts_with("#!")) return own_platform();  // a script runs where its interpreter does
  if (bytes.size() < sizeof(Elf64_Ehdr) || !bytes.starts_with(ELFMAG)) return "no program";
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return "linux-32-bit";
  switch (header.e_machine) {
    case EM_X86_64:
      return "linux-x86_64";
    case EM_AARCH64:
      return "linux-aarch64";
    default:
      return fmt::format("linux-machine-{}", header.e_machine);
  }
}

std::string version_in_name(std::string_view name) {
  for (std::size_t at = 0; at < name.size(); ++at) {
    bool const begins =
        name[at] >= '0' && name[at] <= '9' &&
        (at == 0 || name[at - 1] == '-' || name[at - 1] == '_' || name[at - 1] == 'v' || name[at - 1] == ' ');
    if (!begins) continue;
    auto end = name.find_first_not_of("0123456789.", at);
    auto found = name.substr(at, end == std::string_view::npos ? end : end - at);
    while (found.ends_with('.')) found.remove_suffix(1);
    if (found.find('.') != std::string_view::npos && is_renderer_version(found)) return std::string(found);
  }
  return {};
}

Result<ArchiveFindings> inspect_archive(ArchiveReader const& reader, RenderMethod const& method,
                                        std::filesystem::path const& archive, std::string_view file_name) {
  auto const bad = [&](std::string const& what) {
    return fail(Errc::invalid, fmt::format("{}: {}", printable(file_name, 200), what));
  };
  if (!reader.sandboxed)
    return fail(Errc::unavailable, "this server runs without a sandbox (sandbox = off), and takes no programs then");
  std::error_code error;
  fs::create_directories(reader.work, error);
  TemporaryFolder const staging(reader.work);
  if (staging.path.empty()) return fail(Errc::unavailable, "there is no room to unpack it");
  auto const contents = unpack_sandboxed(reader, method.program, archive, staging.path);
  if (!contents)
    return fail(contents.error().code, fmt::format("{}: {}", printable(file_name, 200), contents.error().message));
  auto const packed = static_cast<std::int64_t>(fs::file_size(archive, error));
  if (contents->bytes > small_archive && contents->bytes > packed * reader.max_ratio)
    return bad(fmt::format("{} become {}, more than {} times as much: it is no program", human_size(packed),
                           human_size(contents->bytes), reader.max_ratio));
  auto const platform = platform_of(first_bytes(followed(staging.path / contents->root, contents->program)));
  if (platform != own_platform())
    return bad(fmt::format("its {} is {}, and this grid delivers {}", contents->program,
                           platform.starts_with("linux-") ? "for " + platform : platform, own_platform()));
  auto const version = ask_version(method, staging.path, *contents);
  if (!version)
    return fail(version.error().code, fmt::format("{}: {}", printable(file_name, 200), version.error().message));
  auto const named = version_in_name(file_name);
  if (!named.empty() && compare_versions(named, *version) != 0)
    return bad(fmt::format("its name says {} {}, its program says {}; rename it, or fetch it again", method.name, named,
                           *version));
  return ArchiveFindings{*version, platform, contents->own_root ? "tree" : "program", contents->bytes};
}

}  // namespace distren
