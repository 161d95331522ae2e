// Renderers that the grid delivers, and those that there are. One function per stored procedure. Worker threads; see
// users.h for the rules of this folder. Digests and signatures as lower-case hexadecimal digits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"

namespace distren::store {

struct RendererOffer {  // what the grid, or a slave, renders with
  std::string version{};
  std::string build{};       // SHA-256 of a delivered archive; empty: installed by a volunteer
  bool at_hand = true;       // delivered by the grid, or of a slave that was here within a day
  std::int64_t archive = 0;  // its number: of two archives of a version the newer one counts
};
// Of a method: the enabled archives, and what enabled slaves of users who are not blocked announced as installed.
Result<std::vector<RendererOffer>> list_renderer_offers(Database&, std::string_view method);

struct NewRenderer {
  std::string method{};
  std::string version{};
  std::string build{};      // its SHA-256
  std::string file_name{};  // as its administrator calls it
  std::string platform{};   // "linux-x86_64"
  std::string layout{};     // "program": with the libraries of the host; "tree": with its own
  std::int64_t unpacked_bytes = 0;
  std::string signature{};  // by the grid's key
};

struct Renderer : NewRenderer {
  std::int64_t id = 0;
  std::int64_t revision = 0;
  std::int64_t size_bytes = 0;
  bool enabled = true;    // new jobs choose it
  std::int64_t user = 0;  // who added it; 0: the account is gone
  std::string user_name{};
  std::string created_at{};      // UTC, ISO 8601
  std::int64_t slave_count = 0;  // that have fetched it
  std::int64_t job_count = 0;    // unfinished ones that are pinned to it
};

struct RendererUser {
  bool is_job = false;  // else a slave
  std::int64_t id = 0;
  std::string name{};
  std::string state{};  // of the job; of a slave: fetched, missing
};

// denied: not an administrator; conflict: registered already; not_found: the method.
Result<std::int64_t> create_renderer(Database&, std::int64_t administrator, NewRenderer const& renderer);
// Newest first; renderer 0: all.
Result<std::vector<Renderer>> list_renderers(Database&, std::int64_t renderer = 0);
Result<Renderer> show_renderer(Database&, std::int64_t renderer);  // not_found
Result<std::vector<RendererUser>> list_renderer_users(Database&, std::int64_t administrator, std::int64_t renderer);
Result<void> change_renderer(Database&, std::int64_t administrator, std::int64_t renderer, bool enabled);
// The jobs that were paused. conflict: unfinished jobs are pinned to it, and they were not to be paused.
Result<std::vector<std::int64_t>> delete_renderer(Database&, std::int64_t administrator, std::int64_t renderer,
                                                  bool pause_jobs);

}  // namespace distren::store
