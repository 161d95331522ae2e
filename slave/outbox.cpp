#include "slave/outbox.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "slave/order.h"

namespace distren {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr char const* kFile = "result.json";

Error disk(std::string const& what, fs::path const& path, std::error_code const& error) {
  return fail(Errc::unavailable, fmt::format("cannot {} {}: {}", what, path.string(), error.message()));
}

// Nothing when the folder's content is not what commit() leaves.
std::optional<std::pair<std::string, OutboxEntry>> read_entry(fs::path const& folder) {
  auto const text = read_file(folder / kFile, 1U << 20);
  if (!text) return std::nullopt;
  auto const read = json::parse(*text, nullptr, false);
  if (!read.is_object() || !read.contains("message")) return std::nullopt;
  OutboxEntry entry;
  entry.attempt = number_member(read, "attempt");
  entry.lease = text_member(read, "lease");
  entry.message = read["message"];
  entry.upload = text_member(read, "upload");
  entry.name = text_member(read, "name");
  entry.size = number_member(read, "size");
  entry.sha256 = text_member(read, "sha256");
  entry.upload_id = text_member(read, "upload_id");
  if (entry.attempt <= 0 || !entry.message.is_object() || folder.filename() != std::to_string(entry.attempt))
    return std::nullopt;
  if (!entry.name.empty()) {
    std::error_code error;
    if (!check_relative_path(entry.name) || fs::file_size(folder / entry.name, error) != std::uintmax_t(entry.size))
      return std::nullopt;
  }
  return std::pair(text_member(read, "owner"), std::move(entry));
}

}  // namespace

json result_message(OutboxEntry const& entry) {
  json message = entry.message;
  if (!entry.name.empty())
    message["output"] = {
        {"name", entry.name}, {"size", entry.size}, {"sha256", entry.sha256}, {"upload", entry.upload_id}};
  return message;
}

fs::path Outbox::place(std::int64_t attempt, char const* suffix) const {
  return folder_ / (std::to_string(attempt) + suffix);
}

fs::path Outbox::picture(OutboxEntry const& entry) const {
  return place(entry.attempt) / entry.name;
}

std::string Outbox::text_of(OutboxEntry const& entry) const {
  json const all{{"owner", owner_},          {"attempt", entry.attempt}, {"lease", entry.lease},
                 {"message", entry.message}, {"upload", entry.upload},   {"name", entry.name},
                 {"size", entry.size},       {"sha256", entry.sha256},   {"upload_id", entry.upload_id}};
  return all.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<std::unique_ptr<Outbox>> Outbox::open(fs::path folder, std::string owner, std::vector<std::string>& dropped) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return disk("make", folder, error);
  fs::permissions(folder, fs::perms::owner_all, error);
  std::unique_ptr<Outbox> outbox(new Outbox(std::move(folder), std::move(owner)));
  outbox->scan(dropped);
  return outbox;
}

void Outbox::scan(std::vector<std::string>& dropped) {
  std::error_code error;
  std::vector<fs::path> found;
  for (auto const& item : fs::directory_iterator(folder_, error)) found.push_back(item.path());
  for (auto const& path : found) {
    std::string const extension = path.extension().string();
    if (extension == ".new" || extension == ".gone") {  // begun and not committed, or removed and not finished
      fs::remove_all(path, error);
      continue;
    }
    auto entry = read_entry(path);
    if (!entry) {
      dropped.push_back(path.string());
      fs::remove_all(path, error);
    } else if (entry->first == owner_) {
      entries_.push_back(std::move(entry->second));
    }
  }
  std::ranges::sort(entries_, {}, &OutboxEntry::attempt);
}

Result<void> Outbox::take(OutboxEntry const& entry, fs::path const& from, std::int64_t limit) {
  struct stat status {};
  // Not through links: the renderer may have been made to leave one that points at the volunteer's own files.
  if (::lstat(from.c_str(), &status) != 0) return fail(Errc::invalid, "the renderer left no picture");
  if (!S_ISREG(status.st_mode) || status.st_nlink != 1)
    return fail(Errc::invalid, "what the renderer left is not a plain file");
  if (status.st_size > limit)
    return fail(Errc::invalid, fmt::format("the picture has {} bytes, and the job allows {}", status.st_size, limit));
  std::lock_guard const lock(mutex_);
  fs::path const making = place(entry.attempt, ".new");
  std::error_code error;
  fs::remove_all(making, error);
  fs::create_directories(making, error);
  if (error) return disk("make", making, error);
  fs::path const to = making / entry.name;
  fs::rename(from, to, error);
  if (error) return disk("move the picture to", to, error);
  ::chmod(to.c_str(), 0600);
  return {};
}

Result<fs::path> Outbox::measure(OutboxEntry& entry) const {
  fs::path path = place(entry.attempt, ".new") / entry.name;
  auto const digest = sha256_file(path);
  if (!digest) return fail(Errc::unavailable, digest.error().message);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
    return fail(Errc::invalid, "what the renderer left is not a plain file");
  entry.size = status.st_size;
  entry.sha256 = to_hex(*digest);
  return path;
}

void Outbox::unstage(std::int64_t attempt) {
  std::lock_guard const lock(mutex_);
  std::error_code error;
  fs::remove_all(place(attempt, ".new"), error);
}

Result<void> Outbox::commit(OutboxEntry const& entry) {
  std::lock_guard const lock(mutex_);
  fs::path const making = place(entry.attempt, ".new");
  fs::path const path = place(entry.attempt);
  std::error_code error;
  fs::create_directories(making, error);
  if (error) return disk("make", making, error);
  if (!entry.name.empty())
    if (auto const synced = sync_file(making / entry.name); !synced) return synced;
  if (auto const written = write_file_durably(making / kFile, text_of(entry), 0600); !written) return written;
  if (fs::exists(path, error)) fs::rename(path, place(entry.attempt, ".gone"), error);  // said before; this one counts
  if (auto const kept = rename_durably(making, path); !kept) return kept;
  fs::remove_all(place(entry.attempt, ".gone"), error);
  std::erase_if(entries_, [&entry](auto const& other) { return other.attempt == entry.attempt; });
  entries_.push_back(entry);
  return {};
}

Result<void> Outbox::change(OutboxEntry const& entry) {
  std::lock_guard const lock(mutex_);
  for (auto& other : entries_) {
    if (other.attempt != entry.attempt) continue;
    other = entry;
    return write_file_durably(place(entry.attempt) / kFile, text_of(entry), 0600);
  }
  return fail(Errc::not_found, fmt::format("attempt {} is not in the outbox", entry.attempt));
}

void Outbox::remove(std::int64_t attempt) {
  std::lock_guard const lock(mutex_);
  std::error_code error;
  fs::rename(place(attempt), place(attempt, ".gone"), error);
  fs::remove_all(place(attempt, ".gone"), error);
  std::erase_if(entries_, [attempt](auto const& entry) { return entry.attempt == attempt; });
}

std::vector<OutboxEntry> Outbox::entries() {
  std::lock_guard const lock(mutex_);
  return entries_;
}

}  // namespace distren
