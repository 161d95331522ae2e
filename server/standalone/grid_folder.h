// The folder of a standalone grid: DIR/distrend.toml, DIR/tls/, DIR/stor/, DIR/db/, DIR/grid.json. Made on first use,
// reused after; one server at a time (a lock that ends with the process). Start-up only.
#pragma once

#include <filesystem>
#include <string>

#include "common/base/files.h"
#include "common/base/result.h"
#include "server/config/server_config.h"

namespace distren {

struct GridFolder {
  std::filesystem::path dir;
  FileDescriptor lock;  // held as long as the server lives
  ServerConfig config;
};

// Makes folders, a self-signed certificate for localhost, and a distrend.toml with free loopback ports. conflict:
// another server uses the folder (its process id is named).
Result<GridFolder> open_grid_folder(std::filesystem::path const& dir);

struct GridEndpoints {
  std::string https;  // "https://localhost:8443"
  std::string http;
  int line_port = 0;
};
// Tells scripts where the grid is: DIR/grid.json {pid, https, http, line_port, ca}. Written when all doors are open.
Result<void> write_grid_file(GridFolder const& grid, GridEndpoints const& doors);

}  // namespace distren
