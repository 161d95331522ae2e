// Downloads a file over HTTP, with resume: received bytes stay in PATH.part and are continued by Range, in this call
// after a lost connection, and by a later call after an interruption. Thread: the HttpClient's. Verifies the size; the
// caller verifies the digest. On failure PATH is unchanged.
#pragma once

#include <cstdint>
#include <filesystem>

#include "common/http/http_client.h"

namespace distren {

struct Download {
  std::string url;
  std::filesystem::path path;  // requires an existing folder
  std::int64_t size = 0;       // any other length is an Error; never writes more than this
  HttpClient::Progress received = nullptr;
  std::string bearer{};
  int tries = 6;  // consecutive tries without a new byte
  std::chrono::milliseconds first_pause{500};
};

// Returns after the file is durable: synced and renamed into place.
Result<void> download(HttpClient& client, Download const& what);

}  // namespace distren
