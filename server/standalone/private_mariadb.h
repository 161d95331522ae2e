// A private MariaDB for `distrend --standalone DIR`: data, log and secrets in DIR/db, a unix socket, no TCP. One owner,
// one thread (it starts a child that must not outlive it and stops it cleanly in the destructor). A server left running
// by a killed distrend is reused. Connections made through address() have EXECUTE alone. Errors: unavailable; the
// message gives the remedy and quotes the end of DIR/db/mariadb.log.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "common/base/files.h"
#include "common/base/result.h"
#include "server/database/connection.h"

namespace distren {

class PrivateMariadb {
public:
  // Creates the database if missing, starts and migrates it, grants the server's user its rights.
  static Result<PrivateMariadb> start(std::filesystem::path const& dir, std::filesystem::path const& sql_dir);
  PrivateMariadb(PrivateMariadb&& other) noexcept;
  PrivateMariadb& operator=(PrivateMariadb&&) = delete;
  ~PrivateMariadb();

  [[nodiscard]] DatabaseAddress address() const { return server_; }
  [[nodiscard]] bool alive() const;
  // Restarts it after it died; no effect while it runs. Connections reconnect at their next call.
  Result<void> restart();
  // Clean shutdown: waits until everything is on disk.
  void stop();

private:
  PrivateMariadb() = default;
  Result<void> lock();
  Result<void> prepare();
  Result<void> end_orphan() const;
  Result<void> install() const;
  Result<void> launch();
  Result<void> wait_until_ready();
  Result<void> serve(std::filesystem::path const& sql_dir);
  [[nodiscard]] Error failure(std::string_view what) const;

  std::filesystem::path home_;  // DIR/db
  FileDescriptor lock_;         // held while this lives: one distrend per folder
  DatabaseAddress owner_;
  DatabaseAddress server_;
  pid_t launcher_ = -1;  // a forked copy of this object must not end a process that is not its child
  mutable pid_t pid_ = -1;
};

}  // namespace distren
