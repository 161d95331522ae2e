// A private MariaDB for `distrend --standalone DIR`: data, log and secrets in DIR/db, a unix socket, no TCP.
// One owner, one thread (it starts a child that must not outlive it and stops it in the destructor, cleanly). A server
// that a killed distrend left behind is found and taken over. Connections made through address() have EXECUTE alone.
// Failure: unavailable; the message says what to do and quotes the end of DIR/db/mariadb.log.
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
  // Makes the database if there is none, starts it, migrates it, gives the server's user his rights.
  static Result<PrivateMariadb> start(std::filesystem::path const& dir, std::filesystem::path const& sql_dir);
  PrivateMariadb(PrivateMariadb&& other) noexcept;
  PrivateMariadb& operator=(PrivateMariadb&&) = delete;
  ~PrivateMariadb();

  [[nodiscard]] DatabaseAddress address() const { return server_; }
  [[nodiscard]] bool alive() const;
  // Starts it again after it died; nothing when it lives. Connections find it again at their next call.
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
  pid_t launcher_ = -1;  // a forked copy of this must not end what is not its child
  mutable pid_t pid_ = -1;
};

}  // namespace distren
