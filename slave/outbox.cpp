#include "slave/outbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/protocol/json_reader.h"
#include "common/protocol/text_writer.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

constexpr char const* entry_name = "result.json";

Error disk(std::string const& what, fs::path const& path, std::error_code const& error) {
  return fail(Errc::unavailable, fmt::format("cannot {} {}: {}", what, path.string(), error.message()), "out_of_disk");
}

std::string further_name(std::size_t number) {
  return fmt::format("further-{}", number + 1);
}

}  // namespace

// In the namespace of its type, for whoever reads and writes it.
void members(auto& visit, protocol::Is<OutboxFile> auto& file) {
  using namespace protocol;
  visit.text("name", file.name, limits::output_names);
  visit.integer("size", file.size, limits::file_sizes);
  visit.text("sha256", file.sha256, limits::digests);
  visit.text("upload_id", file.upload_id, limits::instances);
}

namespace {

// What lies in a result's folder.
struct KeptResult {
  std::string owner{};
  OutboxEntry entry{};
};
void members(auto& visit, protocol::Is<KeptResult> auto& kept) {
  using namespace protocol;
  visit.text("owner", kept.owner, limits::urls);
  visit.integer("attempt", kept.entry.attempt, limits::ids);
  visit.text("lease", kept.entry.lease, limits::leases);
  visit.object("message", kept.entry.result);
  visit.text("upload", kept.entry.upload, limits::urls);
  visit.text("name", kept.entry.name, limits::paths);
  visit.integer("size", kept.entry.size, limits::file_sizes);
  visit.text("sha256", kept.entry.sha256, limits::digests);
  visit.text("upload_id", kept.entry.upload_id, limits::instances);
  visit.objects("more", kept.entry.more, limits::max_outputs, Written::unless_empty);
}

// A result that version 0.1 kept is as good as one of today.
void rename_members_of_0_1(nlohmann::json& message) {
  constexpr std::pair<char const*, char const*> names[] = {{"state", "outcome"},
                                                           {"reason", "message"},
                                                           {"cpu", "cpu_ms"},
                                                           {"wall", "wall_ms"},
                                                           {"memory", "peak_memory_mib"}};
  if (!message.is_object() || !message.contains("state")) return;
  for (auto const& [old_name, name] : names)
    if (message.contains(old_name)) message[name] = message[old_name];
  message.erase("warnings");  // were texts
}

// Nothing when the folder's content is not what commit() leaves.
std::optional<KeptResult> read_entry(fs::path const& folder) {
  auto const text = read_file(folder / entry_name, 1U << 20);
  if (!text) return std::nullopt;
  auto read = nlohmann::json::parse(*text, nullptr, false);
  if (read.is_object()) rename_members_of_0_1(read["message"]);
  KeptResult kept;
  std::vector<std::string> problems;
  protocol::JsonReader reader(read, problems);
  members(reader, kept);
  OutboxEntry const& entry = kept.entry;
  if (!problems.empty() || !check(entry.result) || folder.filename() != std::to_string(entry.attempt))
    return std::nullopt;
  if (!entry.name.empty()) {
    std::error_code error;
    if (!check_relative_path(entry.name) || fs::file_size(folder / entry.name, error) != std::uintmax_t(entry.size))
      return std::nullopt;
  }
  for (std::size_t i = 0; i < entry.more.size(); ++i) {
    std::error_code error;
    if (fs::file_size(folder / further_name(i), error) != std::uintmax_t(entry.more[i].size)) return std::nullopt;
  }
  return kept;
}

// Moves folder/name to `to` as it is, through no link: the program that wrote it may still change the folders.
Result<void> move_beneath(fs::path const& folder, std::string const& name, fs::path const& to) {
  auto const refused = [&name](int error) {
    bool const absent = error == ENOENT || error == ENOTDIR || error == ELOOP;
    return fail(absent ? Errc::invalid : Errc::unavailable,
                fmt::format("the renderer's file '{}' cannot be taken: {}", name, std::strerror(error)),
                absent ? "output_missing" : "out_of_disk");
  };
  FileDescriptor at(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  std::string_view rest = name;
  for (auto slash = rest.find('/'); at && slash != std::string_view::npos; slash = rest.find('/')) {
    std::string const part(rest.substr(0, slash));
    at = FileDescriptor(::openat(at.get(), part.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    rest.remove_prefix(slash + 1);
  }
  if (!at) return refused(errno);
  if (::renameat(at.get(), std::string(rest).c_str(), AT_FDCWD, to.c_str()) != 0) return refused(errno);
  return {};
}

}  // namespace

OutboxEntry entry_without_image(std::int64_t attempt, std::string const& lease, protocol::Outcome outcome,
                                protocol::ResultCode code, std::string const& message, std::string const& log) {
  OutboxEntry entry;
  entry.attempt = attempt;
  entry.lease = lease;
  entry.result.attempt = attempt;
  entry.result.lease = lease;
  entry.result.outcome = outcome;
  entry.result.code = code;
  entry.result.message = message;
  entry.result.log = log;
  return entry;
}

protocol::ResultReport result_message(OutboxEntry const& entry) {
  auto result = entry.result;
  if (!entry.name.empty()) result.outputs = {{entry.name, entry.size, entry.sha256, entry.upload_id}};
  for (auto const& file : entry.more) result.outputs.push_back({file.name, file.size, file.sha256, file.upload_id});
  return result;
}

fs::path Outbox::place(std::int64_t attempt, char const* suffix) const {
  return folder_ / (std::to_string(attempt) + suffix);
}

fs::path Outbox::image_path(OutboxEntry const& entry) const {
  return place(entry.attempt) / entry.name;
}

fs::path Outbox::further_path(OutboxEntry const& entry, std::size_t number) const {
  return place(entry.attempt) / further_name(number);
}

std::string Outbox::kept_text(OutboxEntry const& entry) const {
  std::string text = "{";
  protocol::TextWriter writer(text, true);
  KeptResult const kept{owner_, entry};
  members(writer, kept);
  return text + "}\n";
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
    if (extension == ".new" || extension == ".deleted") {  // not committed, or removed incompletely
      fs::remove_all(path, error);
      continue;
    }
    auto entry = read_entry(path);
    if (!entry) {
      dropped.push_back(path.string());
      fs::remove_all(path, error);
    } else if (entry->owner == owner_) {
      entries_.push_back(std::move(entry->entry));
    }
  }
  std::ranges::sort(entries_, {}, &OutboxEntry::attempt);
}

Result<void> Outbox::add(OutboxEntry const& entry, fs::path const& from, std::int64_t limit) {
  struct stat status {};
  // Not through links: the renderer may have been made to leave one that points at the volunteer's own files.
  if (::lstat(from.c_str(), &status) != 0) return fail(Errc::invalid, "the renderer wrote no image", "output_missing");
  if (!S_ISREG(status.st_mode) || status.st_nlink != 1)
    return fail(Errc::invalid, "what the renderer left is not a plain file", "output_missing");
  if (status.st_size > limit)
    return fail(Errc::invalid,
                fmt::format("the image has {} bytes, more than the {} that the job allows", status.st_size, limit),
                "scene_error");
  std::lock_guard const lock(mutex_);
  fs::path const making = place(entry.attempt, ".new");
  std::error_code error;
  fs::remove_all(making, error);
  fs::create_directories(making, error);
  if (error) return disk("make", making, error);
  fs::path const to = making / entry.name;
  fs::rename(from, to, error);
  if (error) return disk("move the image to", to, error);
  ::chmod(to.c_str(), 0600);
  return {};
}

Result<std::int64_t> Outbox::add_further(OutboxEntry& entry, fs::path const& folder, std::string const& name,
                                         std::int64_t limit) {
  std::lock_guard const lock(mutex_);
  fs::path const to = place(entry.attempt, ".new") / further_name(entry.more.size());
  if (auto const moved = move_beneath(folder, name, to); !moved) return moved.error();
  struct stat status {};
  if (::lstat(to.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink != 1)
    return fail(Errc::invalid, fmt::format("the renderer's '{}' is not a plain file", name), "output_missing");
  if (status.st_size > limit)
    return fail(
        Errc::invalid,
        fmt::format("'{}' has {} bytes; the files of the frame are larger than the job allows", name, status.st_size),
        "scene_error");
  ::chmod(to.c_str(), 0600);
  entry.more.push_back({.name = name, .size = status.st_size, .sha256 = {}, .upload_id = {}});
  return static_cast<std::int64_t>(status.st_size);
}

namespace {

// Fills in what the file is.
Result<void> hash_file(fs::path const& path, std::int64_t& size, std::string& sha256) {
  auto const digest = sha256_file(path);
  if (!digest) return fail(Errc::unavailable, digest.error().message);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
    return fail(Errc::invalid, "what the renderer left is not a plain file", "output_missing");
  size = status.st_size;
  sha256 = to_hex(*digest);
  return {};
}

}  // namespace

Result<fs::path> Outbox::hash(OutboxEntry& entry) const {
  fs::path path = place(entry.attempt, ".new") / entry.name;
  if (auto const hashed = hash_file(path, entry.size, entry.sha256); !hashed) return hashed.error();
  return path;
}

Result<fs::path> Outbox::hash(OutboxEntry& entry, std::size_t number) const {
  fs::path path = place(entry.attempt, ".new") / further_name(number);
  auto& file = entry.more.at(number);
  if (auto const hashed = hash_file(path, file.size, file.sha256); !hashed) return hashed.error();
  return path;
}

void Outbox::discard(std::int64_t attempt) {
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
  for (std::size_t i = 0; i < entry.more.size(); ++i)
    if (auto const synced = sync_file(making / further_name(i)); !synced) return synced;
  if (auto const written = write_file_durably(making / entry_name, kept_text(entry), 0600); !written) return written;
  if (fs::exists(path, error))
    fs::rename(path, place(entry.attempt, ".deleted"), error);  // of an earlier report; this one counts
  if (auto const kept = rename_durably(making, path); !kept) return kept;
  fs::remove_all(place(entry.attempt, ".deleted"), error);
  std::erase_if(entries_, [&entry](auto const& other) { return other.attempt == entry.attempt; });
  entries_.push_back(entry);
  return {};
}

Result<void> Outbox::change(OutboxEntry const& entry) {
  std::lock_guard const lock(mutex_);
  for (auto& other : entries_) {
    if (other.attempt != entry.attempt) continue;
    other = entry;
    return write_file_durably(place(entry.attempt) / entry_name, kept_text(entry), 0600);
  }
  return fail(Errc::not_found, fmt::format("attempt {} is not in the outbox", entry.attempt));
}

void Outbox::remove(std::int64_t attempt) {
  std::lock_guard const lock(mutex_);
  std::error_code error;
  fs::rename(place(attempt), place(attempt, ".deleted"), error);
  fs::remove_all(place(attempt, ".deleted"), error);
  std::erase_if(entries_, [attempt](auto const& entry) { return entry.attempt == attempt; });
}

std::vector<OutboxEntry> Outbox::entries() {
  std::lock_guard const lock(mutex_);
  return entries_;
}

}  // namespace distren
