#include "client/upload_notes.h"

#include <chrono>
#include <system_error>

#include "common/base/digest.h"
#include "common/base/files.h"

namespace distren::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_location = 4096;
constexpr auto oldest_note = std::chrono::hours(24 * 7);

}  // namespace

UploadNotes::UploadNotes(fs::path folder, std::string server) : folder_(std::move(folder)), server_(std::move(server)) {
  sweep();
}

fs::path UploadNotes::file_of(std::string const& sha256) const {
  return folder_ / to_hex(distren::sha256(server_ + "\n" + sha256));
}

std::string UploadNotes::find(std::string const& sha256) const {
  auto const text = read_file(file_of(sha256), longest_location);
  return text ? *text : std::string();
}

void UploadNotes::keep(std::string const& sha256, std::string const& location) const {
  if (location.size() > longest_location) return;
  std::error_code code;
  fs::create_directories(folder_, code);
  static_cast<void>(write_file_durably(file_of(sha256), location, 0600));
}

void UploadNotes::forget(std::string const& sha256) const {
  std::error_code code;
  fs::remove(file_of(sha256), code);
}

void UploadNotes::sweep() const {
  std::error_code code;
  fs::directory_iterator entries(folder_, code);
  for (; !code && entries != fs::directory_iterator(); entries.increment(code)) {
    std::error_code ignored;
    auto const changed = entries->last_write_time(ignored);
    if (!ignored && fs::file_time_type::clock::now() - changed > oldest_note) fs::remove(entries->path(), ignored);
  }
}

}  // namespace distren::client
