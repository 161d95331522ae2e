// Uploads one file by tus 1.0.0 (creation, creation-with-upload): parts of at most 4 MiB, resumed after a lost
// connection, or by another process at the address of the first, from where the server stands. The thread is the
// HttpClient's. The file must not change meanwhile. Failure: denied (login or signature no longer valid), invalid
// (refused, or the digest did not match), unavailable (no progress after `tries` attempts in a row, the server's disk
// is full, or cancelled), not_found (no such URL). Our own: Debian has no library for C or C++ that uploads by tus;
// libcurl does the requests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "common/http/http_client.h"

namespace distren {

struct TusUpload {
  std::string creation_url;
  std::filesystem::path path;
  std::int64_t size = 0;
  std::string sha256;    // lower-case hex
  std::string filename;  // sent to the server; not a path of this machine
  std::string bearer{};
  std::string location{};  // of an earlier upload of this file that was not completed; empty: none
  // The address of a new upload, before its second part: kept by the caller, it can be resumed after a kill.
  std::function<void(std::string const& location)> placed = nullptr;
  HttpClient::Progress sent = nullptr;  // bytes of the file that are safe or on their way
  std::int64_t part_size = 4 << 20;
  int tries = 8;  // in a row without a single new byte
  std::chrono::milliseconds first_pause{500};
};

// The upload's id: the last part of the path that the server gave it.
Result<std::string> upload_by_tus(HttpClient& client, TusUpload const& upload);

}  // namespace distren
