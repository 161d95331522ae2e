// Fetches a file over HTTP into a file, with resume: what arrived stays in PATH.part and is continued by Range, in
// this call after a lost connection, and by a later call after an interruption. The thread is the HttpClient's.
// The caller checks the digest; size alone is checked here. On failure PATH is untouched.
#pragma once

#include <cstdint>
#include <filesystem>

#include "common/http/http_client.h"

namespace distren {

struct Download {
  std::string url;
  std::filesystem::path path;  // its folder must exist
  std::int64_t size = 0;       // a longer or shorter file is an Error; more than this is never written
  HttpClient::Progress received = nullptr;
  std::string bearer{};
  int tries = 6;  // in a row without a single new byte
  std::chrono::milliseconds first_pause{500};
};

// Durable when it returns without Error: synced and renamed into place.
Result<void> download(HttpClient& client, Download const& what);

}  // namespace distren
