// The folder of a standalone grid: DIR/distrend.toml, DIR/tls/, DIR/stor/, DIR/db/, DIR/grid.json. Created on first
// use; one server at a time (a lock that ends with the process). Start-up only.
#pragma once

#include <filesystem>
#include <string>

#include "common/base/files.h"
#include "common/base/result.h"
#include "server/config/server_config.h"

namespace distren {

struct GridFolder {
  std::filesystem::path dir;
  FileDescriptor lock;  // held for the server's lifetime
  ServerConfig config;
};

// Creates folders, a self-signed certificate for localhost, and a distrend.toml with free loopback ports. Errors:
// conflict, another server uses the folder (with its process id).
Result<GridFolder> open_grid_folder(std::filesystem::path const& dir);

struct GridEndpoints {
  std::string https;  // "https://localhost:8443"
  std::string http;
  int line_port = 0;
};
// Publishes the grid's addresses for scripts: DIR/grid.json {pid, https, http, line_port, ca}. Requires that all
// listeners are open.
Result<void> write_grid_file(GridFolder const& grid, GridEndpoints const& endpoints);

}  // namespace distren
