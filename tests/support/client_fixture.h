// The program `distren` against tests/support/fake_grid.py: each test has a grid, a home folder and a login of its own.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/base/files.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

namespace distren {

using Json = nlohmann::json;

struct Output {
  int code = -1;
  std::string out;
  std::string err;

  [[nodiscard]] Json json() const {
    auto parsed = Json::parse(out, nullptr, false);
    ck_assert_msg(!parsed.is_discarded(), "no JSON: %s %s", out.c_str(), err.c_str());
    return parsed;
  }
};

inline std::string quoted(std::string const& word) {
  std::string out = "'";
  for (char const c : word) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

// A grid, a home folder and the program, all private to one test.
class ClientFixture {
public:
  ClientFixture() : grid_({"python3", (source_folder() / "tests/support/fake_grid.py").string()}) {
    ck_assert_msg(!grid_.first_line().empty(), "fake_grid.py does not start");
    std::ofstream(folder_ / "pw") << "correct horse\n";
  }

  [[nodiscard]] Output run(std::vector<std::string> const& words, std::string const& environment = "") const {
    auto const* build = std::getenv("top_builddir");
    auto command =
        fmt::format("cd {} && env -i PATH=\"$PATH\" HOME={} {} {}", quoted(folder_.path()), quoted(folder_.path()),
                    environment, quoted(std::filesystem::absolute(build != nullptr ? build : ".") / "distren"));
    for (auto const& word : words) command += " " + quoted(word);
    command += fmt::format(" >{} 2>{} </dev/null", quoted(folder_ / "out"), quoted(folder_ / "err"));
    auto const status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(folder_ / "out").value(),
            read_file(folder_ / "err").value()};
  }

  // The same, and it must go well.
  Output good(std::vector<std::string> const& words) const {
    auto output = run(words);
    ck_assert_msg(output.code == 0, "%s: %d %s", fmt::format("{}", fmt::join(words, " ")).c_str(), output.code,
                  output.err.c_str());
    return output;
  }

  void sign_on() const { good({"register", "anna", "--server", server(), "--password-file", folder_ / "pw"}); }

  std::string submit(std::string const& name, std::string const& frames = "1-6") const {
    auto const job = good({"--json", "submit", sample(), "--name", name, "--frames", frames}).json();
    return job.at("id").dump();
  }

  [[nodiscard]] std::string server() const { return "http://127.0.0.1:" + grid_.first_line(); }
  static std::string sample() {
    return std::filesystem::absolute(source_folder() / "methods/blender/sample/distren-sample.blend");
  }
  [[nodiscard]] std::filesystem::path operator/(std::string const& name) const { return folder_ / name; }

private:
  HelperProgram grid_;
  ScratchFolder folder_;
};

inline std::size_t files_in(std::filesystem::path const& folder) {
  std::error_code code;
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder, code), {}));
}

}  // namespace distren
