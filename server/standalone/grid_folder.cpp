#include "server/standalone/grid_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "common/http/tls.h"
#include "server/net/listen_address.h"

namespace distren {

namespace fs = std::filesystem;

namespace {

Result<FileDescriptor> take_lock(fs::path const& file) {
  FileDescriptor lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return fail(Errc::unavailable, fmt::format("cannot open {}: {}", file.string(), std::strerror(errno)));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    char pid[32] = "";
    [[maybe_unused]] auto const got = ::pread(lock.get(), pid, sizeof pid - 1, 0);
    return fail(Errc::conflict, fmt::format("a server runs in {} already (process {})", file.parent_path().string(),
                                            std::string(pid, std::strcspn(pid, "\n"))));
  }
  std::string const pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(lock.get(), 0) != 0 || ::pwrite(lock.get(), pid.data(), pid.size(), 0) < 0)
    return fail(Errc::unavailable, fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
  return lock;
}

// The default port if it is free, else any free one: several grids on one machine do not conflict.
Result<int> free_port(int usual) {
  for (int const port : {usual, 0}) {
    auto const address = parse_listen_address(fmt::format("127.0.0.1:{}", port));
    if (auto const socket = listen_on(*address)) return bound_port(socket->get());
  }
  return fail(Errc::unavailable, "no free port on 127.0.0.1");
}

Result<void> write_first_config(fs::path const& file) {
  auto const line = free_port(4554);
  auto const https = free_port(8443);
  auto const http = free_port(8080);
  if (!line || !https || !http) return fail(Errc::unavailable, "no free port on 127.0.0.1");
  return write_file_durably(file,
                            fmt::format("# Made by distrend --standalone; see distrend.toml(5). Changes are kept.\n"
                                        "\n"
                                        "# Your own machines: frames earn what slaves measure, benchmarks are short.\n"
                                        "benchmark_seconds = 4\n"
                                        "\n"
                                        "[points]\n"
                                        "grant_by = \"claim\"\n"
                                        "\n"
                                        "[listen]\n"
                                        "line = \"127.0.0.1:{}\"\n"
                                        "https = \"127.0.0.1:{}\"\n"
                                        "http = \"127.0.0.1:{}\"\n",
                                        *line, *https, *http));
}

}  // namespace

Result<GridFolder> open_grid_folder(fs::path const& given) {
  std::error_code error;
  fs::path const dir = fs::absolute(given, error).lexically_normal();
  for (auto const& folder : {dir, dir / "stor", dir / "tls"}) {
    fs::create_directories(folder, error);
    if (error)
      return fail(Errc::unavailable, fmt::format("cannot make the folder {}: {}", folder.string(), error.message()));
  }
  fs::permissions(dir, fs::perms::owner_all, error);  // it contains secrets and untrusted scenes

  GridFolder grid{.dir = dir, .lock = {}, .config = {}};
  auto lock = take_lock(dir / "distrend.lock");
  if (!lock) return lock.error();
  grid.lock = std::move(*lock);
  fs::remove(dir / "grid.json", error);

  if (!fs::exists(dir / "distrend.toml")) {
    if (auto made = write_first_config(dir / "distrend.toml"); !made) return made.error();
  }
  auto config = load_server_config(dir / "distrend.toml");
  if (!config) return config.error();
  grid.config = std::move(*config);
  grid.config.stor = dir / "stor";
  if (grid.config.tls.certificate.empty()) {
    grid.config.tls = {dir / "tls" / "certificate.pem", dir / "tls" / "key.pem"};
    if (!fs::exists(grid.config.tls.certificate) || !fs::exists(grid.config.tls.key)) {
      auto made = make_self_signed(grid.config.tls.certificate, grid.config.tls.key, {"localhost", "127.0.0.1", "::1"});
      if (!made) return made.error();
    }
  }
  return grid;
}

Result<void> write_grid_file(GridFolder const& grid, GridEndpoints const& endpoints) {
  nlohmann::json const text{{"pid", ::getpid()},
                            {"https", endpoints.https},
                            {"http", endpoints.http},
                            {"line_port", endpoints.line_port},
                            {"ca", grid.config.tls.certificate.string()}};
  return write_file_durably(grid.dir / "grid.json", text.dump(2) + "\n");
}

}  // namespace distren
