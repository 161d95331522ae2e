// Fetches a job's frames: verified, resumed, and only those that are not on the disk yet. Errors: those of HTTP.
#pragma once

#include <filesystem>
#include <vector>

#include "client/context.h"

namespace distren::client {

struct FetchedFrame {  // one of its files
  int frame = 0;
  std::string name;  // below the folder
  std::int64_t size = 0;
  std::string sha256;
  bool was_here = false;
};

struct Fetched {
  std::vector<FetchedFrame> frames;
  std::vector<int> missing;  // requested, but not rendered (yet)
};

// frames: ascending; empty means all of the job's. The folder is created if missing.
Result<Fetched> fetch_output(Session& session, std::string const& job, std::vector<int> const& frames,
                             std::filesystem::path const& folder);

// Prints what was fetched and what is missing; the exit code tells whether everything was fetched.
int report_fetched(Context const& context, Fetched const& fetched, std::filesystem::path const& folder);

}  // namespace distren::client
