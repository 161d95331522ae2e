#include "server/standalone/private_mariadb.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>
#include <vector>

#include "common/base/digest.h"
#include "common/process/process.h"
#include "server/database/migrate.h"

namespace distren {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto poll_interval = milliseconds(10);
constexpr auto ready_limit = std::chrono::minutes(10);  // recovery after a power cut may read much data
constexpr auto lock_limit = std::chrono::seconds(2);
constexpr auto stop_limit = std::chrono::minutes(2);
constexpr auto install_limit = std::chrono::minutes(2);
constexpr std::size_t socket_path_limit = 107;

std::string user_name() {
  passwd const* const entry = getpwuid(geteuid());
  return entry == nullptr ? "" : entry->pw_name;
}

std::string last_lines(std::filesystem::path const& file, std::size_t bytes) {
  FileDescriptor const fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return "";
  auto const size = lseek(fd.get(), 0, SEEK_END);
  std::string text(bytes, '\0');
  auto const from = std::max<off_t>(0, size - static_cast<off_t>(bytes));
  auto const got = pread(fd.get(), text.data(), text.size(), from);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  if (auto const line = text.find('\n'); from > 0 && line != std::string::npos) text.erase(0, line + 1);
  return text;
}

// Debian installs mariadbd in /usr/sbin, which is not in every user's PATH.
Result<std::string> find_mariadb(std::string const& name) {
  if (auto found = find_program(name)) return found->string();
  for (char const* folder : {"/usr/sbin/", "/usr/bin/", "/usr/libexec/", "/usr/local/sbin/", "/usr/local/bin/"}) {
    if (auto found = find_program(folder + name)) return found->string();
  }
  return fail(Errc::unavailable, fmt::format("{} is not installed; on Debian: apt-get install mariadb-server", name));
}

// A private folder with a short path, for a DIR too long for a unix socket's 107 bytes.
Result<std::filesystem::path> short_folder(std::filesystem::path const& home) {
  std::string const runtime = fmt::format("/run/user/{}", geteuid());
  std::string const base = geteuid() == 0 ? "/run" : std::filesystem::is_directory(runtime) ? runtime : "/tmp";
  std::filesystem::path const folder = fmt::format("{}/distren-{}", base, to_hex(sha256(home.string())).substr(0, 16));
  struct stat info = {};
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(Errc::unavailable, fmt::format("cannot make {}: {}", folder.string(), std::strerror(errno)));
  }
  if (lstat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != geteuid() ||
      (info.st_mode & 077) != 0) {
    return fail(Errc::denied, fmt::format("{} is not a private folder of this user; remove it", folder.string()));
  }
  return folder;
}

std::vector<std::string> server_options(std::filesystem::path const& home, std::string const& socket) {
  std::vector<std::string> options = {
      "--no-defaults",
      fmt::format("--datadir={}", (home / "data").string()),
      fmt::format("--socket={}", socket),
      fmt::format("--pid-file={}", (home / "mariadb.pid").string()),
      fmt::format("--log-error={}", (home / "mariadb.log").string()),
      fmt::format("--tmpdir={}", (home / "tmp").string()),
      fmt::format("--secure-file-priv={}", (home / "tmp").string()),
      "--skip-networking",
      "--local-infile=0",
      "--innodb-flush-log-at-trx-commit=1",
      "--innodb-buffer-pool-size=128M",
      "--innodb-log-file-size=64M",
      "--innodb-buffer-pool-dump-at-shutdown=OFF",
      "--innodb-buffer-pool-load-at-startup=OFF",
      "--aria-pagecache-buffer-size=8M",
      "--key-buffer-size=1M",
      "--performance-schema=OFF",
      "--max-allowed-packet=64M",
      "--character-set-server=utf8mb4",
      "--collation-server=utf8mb4_unicode_ci",
      "--default-time-zone=+00:00",
  };
  // the folder is root's, which MariaDB accepts only explicitly
  if (geteuid() == 0) options.emplace_back("--user=root");
  return options;
}

bool wait_for_end(pid_t pid, bool child, milliseconds limit) {
  for (auto const until = Clock::now() + limit; Clock::now() < until; std::this_thread::sleep_for(poll_interval)) {
    if (child ? waitpid(pid, nullptr, WNOHANG) != 0 : kill(pid, 0) != 0) return true;
  }
  return false;
}

void end_process(pid_t pid, bool child) {
  kill(pid, SIGTERM);
  if (wait_for_end(pid, child, stop_limit)) return;
  spdlog::warn("database: MariaDB {} did not end within two minutes and is killed; it recovers at its next start", pid);
  kill(pid, SIGKILL);
  wait_for_end(pid, child, stop_limit);
}

}  // namespace

PrivateMariadb::PrivateMariadb(PrivateMariadb&& other) noexcept
    : home_(std::move(other.home_)),
      lock_(std::move(other.lock_)),
      owner_(std::move(other.owner_)),
      server_(std::move(other.server_)),
      launcher_(other.launcher_),
      pid_(std::exchange(other.pid_, -1)) {}

PrivateMariadb::~PrivateMariadb() {
  stop();
}

Result<PrivateMariadb> PrivateMariadb::start(std::filesystem::path const& dir, std::filesystem::path const& sql_dir) {
  PrivateMariadb mariadb;
  std::error_code error;
  mariadb.home_ = std::filesystem::absolute(dir, error) / "db";
  if (auto locked = mariadb.lock(); !locked) return locked.error();
  if (auto prepared = mariadb.prepare(); !prepared) return prepared.error();
  if (auto ended = mariadb.end_orphan(); !ended) return ended.error();
  if (auto installed = mariadb.install(); !installed) return installed.error();
  if (auto launched = mariadb.launch(); !launched) return launched.error();
  if (auto ready = mariadb.wait_until_ready(); !ready) return ready.error();
  if (auto served = mariadb.serve(sql_dir); !served) return served.error();
  return mariadb;
}

Result<void> PrivateMariadb::lock() {
  std::error_code error;
  std::filesystem::create_directories(home_, error);
  if (!error) std::filesystem::permissions(home_, std::filesystem::perms::owner_all, error);
  if (error) return fail(Errc::unavailable, fmt::format("cannot make {}: {}", home_.string(), error.message()));
  lock_ = FileDescriptor(open((home_ / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock_)
    return fail(Errc::unavailable, fmt::format("cannot open {}/lock: {}", home_.string(), std::strerror(errno)));
  // A killed one may need a moment to exit.
  for (auto const until = Clock::now() + lock_limit; flock(lock_.get(), LOCK_EX | LOCK_NB) != 0;) {
    if (Clock::now() > until) {
      return fail(Errc::conflict, fmt::format("another distrend is using {}; stop it, or name another folder",
                                              home_.parent_path().string()));
    }
    std::this_thread::sleep_for(poll_interval);
  }
  return {};
}

// Addresses and secrets. The owner is this system user, authenticated by the socket; the server's user has a
// password.
Result<void> PrivateMariadb::prepare() {
  owner_.user = user_name();
  if (owner_.user.empty()) {
    return fail(Errc::unavailable, fmt::format("the system user {} has no name, which MariaDB needs", geteuid()));
  }
  owner_.socket = (home_ / "mariadb.sock").string();
  if (owner_.socket.size() > socket_path_limit) {
    auto folder = short_folder(home_);
    if (!folder) return folder.error();
    owner_.socket = (*folder / "mariadb.sock").string();
  }
  owner_.answer_timeout_s = 24 * 3600;
  server_.socket = owner_.socket;

  std::error_code error;
  std::filesystem::create_directories(home_ / "tmp", error);
  auto const file = home_ / "password";
  if (!std::filesystem::exists(file)) {
    if (auto written = write_file_durably(file, random_secret() + "\n", 0600); !written) return written.error();
  }
  auto password = read_file(file, 4096);
  if (!password) return password.error();
  server_.password = password->substr(0, password->find('\n'));
  return {};
}

// distrend was killed and its MariaDB still runs. Ends only one whose command line names our data.
Result<void> PrivateMariadb::end_orphan() const {
  auto const text = read_file(home_ / "mariadb.pid", 64);
  pid_t pid = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), pid).ec != std::errc() || pid <= 1) return {};
  auto const command = read_file(fmt::format("/proc/{}/cmdline", pid), 1U << 16);
  std::string const mark = fmt::format("--datadir={}", (home_ / "data").string()) + '\0';
  if (!command || command->find(mark) == std::string::npos) return {};
  spdlog::info("database: ending the MariaDB {} of a distrend that was killed", pid);
  end_process(pid, false);
  return {};
}

// Installed beside its final place and then renamed, so that an interrupted installation never looks complete.
Result<void> PrivateMariadb::install() const {
  if (std::filesystem::is_directory(home_ / "data")) return {};
  auto const program = find_mariadb("mariadb-install-db");
  if (!program) return program.error();
  auto const fresh = home_ / "data.new";
  std::error_code error;
  std::filesystem::remove_all(fresh, error);
  ProcessOptions options;
  options.argv = {*program,
                  "--no-defaults",
                  fmt::format("--datadir={}", fresh.string()),
                  fmt::format("--tmpdir={}", (home_ / "tmp").string()),
                  "--skip-test-db",
                  "--auth-root-authentication-method=socket",
                  fmt::format("--auth-root-socket-user={}", owner_.user),
                  "--skip-name-resolve",
                  "--innodb-log-file-size=64M",
                  "--loose-debug-no-sync"};  // hundreds of files: one sync at the end, not one or two each
  if (geteuid() == 0) options.argv.emplace_back("--user=root");
  options.directory = home_;
  auto const report = run_process(std::move(options), install_limit);
  if (!report) return report.error();
  if (!report->end.ok()) {
    return fail(Errc::unavailable,
                fmt::format("cannot make a database in {}: mariadb-install-db {}\n{}", home_.string(),
                            report->timed_out ? "took over two minutes" : report->end.text(), report->output));
  }
  FileDescriptor const folder(open(fresh.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || syncfs(folder.get()) != 0) {
    return fail(Errc::unavailable, fmt::format("cannot write {} to disk: {}", fresh.string(), std::strerror(errno)));
  }
  return rename_durably(fresh, home_ / "data");
}

Result<void> PrivateMariadb::launch() {
  auto const program = find_mariadb("mariadbd");
  if (!program) return program.error();
  std::vector<std::string> arguments = server_options(home_, owner_.socket);
  arguments.insert(arguments.begin(), *program);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  FileDescriptor const null(open("/dev/null", O_RDWR | O_CLOEXEC));
  FileDescriptor const log(open((home_ / "mariadb.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!null || !log) return failure(fmt::format("cannot open its log: {}", std::strerror(errno)));

  launcher_ = getpid();
  pid_ = fork();
  if (pid_ < 0) return failure(fmt::format("cannot start a process: {}", std::strerror(errno)));
  if (pid_ == 0) {
    // Its own session: a Ctrl-C in the terminal is for distrend, which needs the database until its last write. When
    // distrend is killed, MariaDB shuts down by itself.
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != launcher_) _exit(1);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    dup2(null.get(), STDIN_FILENO);
    dup2(log.get(), STDOUT_FILENO);
    dup2(log.get(), STDERR_FILENO);
    close_range(3, ~0U, 0);
    execv(argv[0], argv.data());
    _exit(127);
  }
  return {};
}

Result<void> PrivateMariadb::wait_until_ready() {
  Database database([this] {
    DatabaseAddress address = owner_;
    address.schema.clear();
    return address;
  }());
  for (auto const until = Clock::now() + ready_limit; Clock::now() < until;
       std::this_thread::sleep_for(poll_interval)) {
    if (!alive()) return failure("MariaDB ended while starting");
    if (access(owner_.socket.c_str(), F_OK) != 0) continue;
    auto const answer = database.ping();
    if (answer) return {};
    if (answer.error().message.find("(1698)") != std::string::npos ||
        answer.error().message.find("(1045)") != std::string::npos) {
      return failure(fmt::format("the database in {} belongs to another system user than {}: {}", home_.string(),
                                 owner_.user, answer.error().message));
    }
  }
  return failure("MariaDB did not answer within ten minutes");
}

Result<void> PrivateMariadb::serve(std::filesystem::path const& sql_dir) {
  if (auto created = create_schema(owner_); !created) return created.error();
  Database owner(owner_);
  if (auto migrated = migrate(owner, sql_dir); !migrated) return migrated.error();
  Database server(server_);
  if (check_schema(server, sql_dir)) return {};
  if (auto granted = grant_server(owner, sql_dir, server_); !granted) return granted.error();
  return check_schema(server, sql_dir);
}

Error PrivateMariadb::failure(std::string_view what) const {
  auto const log = home_ / "mariadb.log";
  return fail(Errc::unavailable, fmt::format("the private database in {} failed: {}; the end of {}:\n{}",
                                             home_.string(), what, log.string(), last_lines(log, 2000)));
}

bool PrivateMariadb::alive() const {
  if (pid_ > 0 && getpid() == launcher_ && waitpid(pid_, nullptr, WNOHANG) != 0) pid_ = -1;
  return pid_ > 0;
}

Result<void> PrivateMariadb::restart() {
  if (alive()) return {};
  spdlog::warn("database: MariaDB ended; starting it again");
  if (auto launched = launch(); !launched) return launched.error();
  return wait_until_ready();
}

void PrivateMariadb::stop() {
  if (getpid() == launcher_ && alive()) end_process(pid_, true);
  pid_ = -1;
}

}  // namespace distren
