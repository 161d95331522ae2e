#include "server/storage/uploads.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/base/json_text.h"
#include "common/base/text.h"
#include "common/protocol/limits.h"
#include "server/storage/blob_store.h"

namespace distren {

namespace {

namespace fs = std::filesystem;
using Kind = UploadRejection::Kind;

UploadRejection reject(Kind kind, std::string message) {
  return {kind, std::move(message)};
}

UploadRejection unknown_upload() {
  return reject(Kind::not_found, "there is no such upload here (any more); start it again");
}

bool is_full(int error) {
  return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

std::int64_t owner_of(UploadSpec const& spec) {
  return spec.user != 0 ? spec.user : -spec.slave;
}

bool is_counted(UploadState const& state) {
  return !state.finished || state.spec.user == 0;
}

std::int64_t changed_at(struct stat const& info) {
  return static_cast<std::int64_t>(info.st_mtim.tv_sec);
}

// Parses the metadata file; empty when it is not a valid one of ours.
std::optional<UploadState> parse_note(std::string const& text) {
  auto const note = nlohmann::json::parse(text, nullptr, false);
  try {
    UploadState state;
    state.spec.size = note.at("size").get<std::int64_t>();
    state.spec.sha256 = note.at("sha256").get<std::string>();
    state.spec.filename = note.at("filename").get<std::string>();
    state.spec.user = note.at("user").get<std::int64_t>();
    state.spec.attempt = note.at("attempt").get<std::int64_t>();
    state.spec.slave = note.at("slave").get<std::int64_t>();
    state.finished = note.at("finished").get<bool>();
    if (state.spec.size < 0 || !is_sha256_hex(state.spec.sha256)) return std::nullopt;
    return state;
  } catch (nlohmann::json::exception const&) {
    return std::nullopt;
  }
}

}  // namespace

struct Uploads::Entry {
  std::mutex mutex;  // one part at a time; guards everything below
  UploadState state;
  Sha256 running;  // over the first `hashed` bytes of the part
  std::int64_t hashed = 0;
  bool verified = false;  // `running` is spent: the whole file has the right digest
  bool removed = false;   // removed while another thread waited for the lock
};

Uploads::Uploads(fs::path folder, Limits limits, Clock clock)
    : folder_(std::move(folder)), limits_(limits), clock_(std::move(clock)) {}

fs::path Uploads::part_path(std::string const& id) const {
  return folder_ / (id + ".part");
}
fs::path Uploads::note_path(std::string const& id) const {
  return folder_ / (id + ".json");
}

Result<std::unique_ptr<Uploads>> Uploads::open(fs::path const& stor, Limits limits, Clock clock) {
  std::error_code error;
  fs::create_directories(stor / "upload", error);
  if (error) {
    return fail(Errc::unavailable,
                fmt::format("cannot make the folder {}: {}", (stor / "upload").string(), error.message()));
  }
  std::unique_ptr<Uploads> uploads(new Uploads(stor / "upload", limits, std::move(clock)));
  auto loaded = uploads->load_all();
  if (!loaded) return std::move(loaded).error();
  return uploads;
}

Result<void> Uploads::load_all() {
  std::error_code error;
  std::vector<fs::path> strays;
  for (auto const& file : fs::directory_iterator(folder_, error)) {
    auto const& path = file.path();
    if (path.extension() == ".json") {
      load_one(path.stem().string());
    } else if (path.extension() != ".part" || !fs::exists(note_path(path.stem().string()))) {
      strays.push_back(path);
    }
  }
  if (error) {
    return fail(Errc::unavailable, fmt::format("cannot read the folder {}: {}", folder_.string(), error.message()));
  }
  for (auto const& path : strays) ::unlink(path.c_str());
  return {};
}

void Uploads::load_one(std::string const& id) {
  auto const text = read_file(note_path(id), 65536);
  auto state = text ? parse_note(*text) : std::nullopt;
  if (!state) {
    ::unlink(note_path(id).c_str());
    ::unlink(part_path(id).c_str());
    return;
  }
  struct stat part {};
  struct stat note {};
  bool const has_part = ::stat(part_path(id).c_str(), &part) == 0;
  if (::stat(note_path(id).c_str(), &note) != 0) return;
  if (state->finished && state->spec.user == 0 && !has_part) {
    // The result was renamed into place before the server was killed.
    ::unlink(note_path(id).c_str());
    return;
  }
  auto entry = std::make_shared<Entry>();
  state->id = id;
  state->offset = state->finished ? state->spec.size : has_part ? static_cast<std::int64_t>(part.st_size) : 0;
  state->expires = (has_part ? std::max(changed_at(part), changed_at(note)) : changed_at(note)) +
                   (state->finished && state->spec.user != 0 ? limits_.finished_lifetime : limits_.lifetime);
  entry->state = std::move(*state);
  if (is_counted(entry->state)) count(entry->state.spec, 1);
  entries_.emplace(id, std::move(entry));
}

void Uploads::count(UploadSpec const& spec, int change) {
  auto const place = unfinished_.try_emplace(owner_of(spec), 0).first;
  place->second += change;
  if (place->second <= 0) unfinished_.erase(place);
}

Result<void> Uploads::save(Entry const& entry) const {
  auto const& state = entry.state;
  nlohmann::json const note{{"size", state.spec.size},         {"sha256", state.spec.sha256},
                            {"filename", state.spec.filename}, {"user", state.spec.user},
                            {"attempt", state.spec.attempt},   {"slave", state.spec.slave},
                            {"finished", state.finished}};
  return write_file_durably(note_path(state.id), to_text(note), 0600);
}

// A slave that starts again has lost the ids of its first uploads: of each file of an attempt only one is kept.
void Uploads::drop_others_of(UploadSpec const& spec) {
  std::vector<std::shared_ptr<Entry>> others;
  {
    std::lock_guard const lock(mutex_);
    for (auto const& [id, entry] : entries_) {
      auto const& other = entry->state.spec;
      if (other.user == 0 && other.attempt == spec.attempt && other.slave == spec.slave &&
          other.filename == spec.filename)
        others.push_back(entry);
    }
  }
  for (auto const& entry : others) {
    std::lock_guard const lock(entry->mutex);
    if (!entry->removed) drop(*entry);
  }
}

// Whether this file of an attempt is one too many, or too large beside the others.
std::optional<UploadRejection> Uploads::refuse_beside_others(UploadSpec const& spec) {
  std::lock_guard const lock(mutex_);
  std::size_t count = 1;
  std::int64_t bytes = spec.size;
  for (auto const& [id, entry] : entries_) {
    auto const& other = entry->state.spec;
    if (other.user != 0 || other.attempt != spec.attempt || other.slave != spec.slave) continue;
    ++count;
    bytes += other.size;
  }
  if (count > protocol::limits::max_outputs)
    return reject(Kind::too_large, fmt::format("a frame has at most {} files", protocol::limits::max_outputs));
  if (spec.attempt_bytes > 0 && bytes > spec.attempt_bytes)
    return reject(Kind::too_large, fmt::format("the files of a frame have at most {} bytes together, these have {}",
                                               spec.attempt_bytes, bytes));
  return std::nullopt;
}

UploadResult Uploads::create(UploadSpec spec) {
  if (spec.user == 0) {
    drop_others_of(spec);
    if (auto refused = refuse_beside_others(spec)) return std::move(*refused);
  }
  auto const space = free_bytes(folder_);
  if (!space) return reject(Kind::failed, space.error().message);
  if (*space - spec.size < limits_.free_bytes) {
    return reject(Kind::disk_full, fmt::format("the server's disk has no room for these {} bytes now; try again later",
                                               grouped(static_cast<std::uint64_t>(spec.size))));
  }
  auto entry = std::make_shared<Entry>();
  auto const random = random_bytes(16);
  entry->state.id = to_hex(random.data(), random.size());
  entry->state.spec = std::move(spec);
  entry->state.expires = clock_() + limits_.lifetime;
  {
    std::lock_guard const lock(mutex_);
    auto const found = unfinished_.find(owner_of(entry->state.spec));
    if (found != unfinished_.end() && found->second >= limits_.unfinished_per_owner) {
      return reject(Kind::too_many,
                    fmt::format("you have {} unfinished uploads already; finish or delete some", found->second));
    }
    count(entry->state.spec, 1);
  }
  auto const saved = save(*entry);
  std::lock_guard const lock(mutex_);
  if (!saved) {
    count(entry->state.spec, -1);
    return reject(Kind::disk_full, saved.error().message);
  }
  entries_.emplace(entry->state.id, entry);
  return entry->state;
}

std::shared_ptr<Uploads::Entry> Uploads::find(std::string_view id) {
  std::lock_guard const lock(mutex_);
  auto const found = entries_.find(std::string(id));
  return found == entries_.end() ? nullptr : found->second;
}

UploadResult Uploads::append(std::string_view id, std::int64_t offset, std::string_view bytes, std::string_view sha256,
                             Finish const& finish) {
  auto const entry = find(id);
  if (!entry) return unknown_upload();
  std::lock_guard const lock(entry->mutex);
  if (entry->removed) return unknown_upload();
  auto& state = entry->state;
  if (offset != state.offset) {
    return reject(Kind::offset_differs, fmt::format("this upload stands at {} bytes, not at {}", state.offset, offset));
  }
  if (static_cast<std::int64_t>(bytes.size()) > state.spec.size - state.offset) {
    return reject(Kind::too_long, fmt::format("{} bytes at {} are more than the {} that were announced", bytes.size(),
                                              state.offset, state.spec.size));
  }
  if (!sha256.empty() && as_bytes(distren::sha256(bytes)) != sha256) {
    return reject(Kind::checksum, "this part does not have the SHA-256 that came with it; send it again");
  }
  if (!bytes.empty()) {
    auto taken = take(*entry, bytes);
    if (std::holds_alternative<UploadRejection>(taken)) return taken;
  }
  if (!state.finished && state.offset == state.spec.size) return complete(*entry, finish);
  return state;
}

UploadResult Uploads::take(Entry& entry, std::string_view bytes) {
  auto& state = entry.state;
  auto const space = free_bytes(folder_);
  if (space && *space - static_cast<std::int64_t>(bytes.size()) < limits_.free_bytes) {
    return reject(Kind::disk_full, "the server's disk is full; what has arrived is kept, try again later");
  }
  FileDescriptor const file(::open(part_path(state.id).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (!file) return reject(Kind::failed, fmt::format("cannot open the upload's file: {}", std::strerror(errno)));
  std::size_t written = 0;
  while (written < bytes.size()) {
    ssize_t const got = ::pwrite(file.get(), bytes.data() + written, bytes.size() - written,
                                 static_cast<off_t>(state.offset) + static_cast<off_t>(written));
    if (got < 0 && errno == EINTR) continue;
    if (got >= 0) {
      written += static_cast<std::size_t>(got);
      continue;
    }
    int const error = errno;
    // After a restart the file's size is the offset. If even this fails, the digest detects it.
    [[maybe_unused]] int const cut = ::ftruncate(file.get(), static_cast<off_t>(state.offset));
    if (is_full(error)) {
      return reject(Kind::disk_full, "the server's disk is full; what has arrived is kept, try again later");
    }
    return reject(Kind::failed, fmt::format("cannot write the upload's file: {}", std::strerror(error)));
  }
  if (entry.hashed == state.offset) {
    entry.running.update(bytes);
    entry.hashed += static_cast<std::int64_t>(bytes.size());
  }
  state.offset += static_cast<std::int64_t>(bytes.size());
  state.expires = clock_() + limits_.lifetime;
  return state;
}

UploadResult Uploads::complete(Entry& entry, Finish const& finish) {
  auto& state = entry.state;
  auto const part = part_path(state.id);
  if (!entry.verified) {
    if (state.spec.size == 0) {
      FileDescriptor const empty(::open(part.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
      if (!empty) return reject(Kind::failed, fmt::format("cannot make the upload's file: {}", std::strerror(errno)));
    }
    Digest digest{};
    if (entry.hashed == state.spec.size) {
      digest = entry.running.finish();
    } else {  // after a restart
      auto const read = sha256_file(part);
      if (!read) return reject(Kind::failed, read.error().message);
      digest = *read;
    }
    if (to_hex(digest) != state.spec.sha256) {
      drop(entry);
      return reject(Kind::content,
                    "the file has another SHA-256 than was announced: it changed while it was sent, or "
                    "the way here damaged it; the upload was removed, start it again");
    }
    entry.verified = true;
  }
  auto done = sync_file(part);
  if (done) done = sync_folder(folder_);
  if (done && finish) done = finish(state, part);
  if (!done) return reject(Kind::failed, done.error().message);
  state.finished = true;
  state.expires = clock_() + (state.spec.user != 0 ? limits_.finished_lifetime : limits_.lifetime);
  auto const saved = save(entry);
  if (!saved) {
    state.finished = false;
    return reject(Kind::disk_full, saved.error().message);
  }
  if (state.spec.user == 0) return state;
  ::unlink(part.c_str());
  std::lock_guard const lock(mutex_);
  count(state.spec, -1);
  return state;
}

UploadResult Uploads::state(std::string_view id) {
  auto const entry = find(id);
  if (!entry) return unknown_upload();
  std::lock_guard const lock(entry->mutex);
  if (entry->removed) return unknown_upload();
  return entry->state;
}

void Uploads::drop(Entry& entry) {
  entry.removed = true;
  ::unlink(part_path(entry.state.id).c_str());
  ::unlink(note_path(entry.state.id).c_str());
  std::lock_guard const lock(mutex_);
  if (is_counted(entry.state)) count(entry.state.spec, -1);
  entries_.erase(entry.state.id);
}

Result<void> Uploads::remove(std::string_view id) {
  auto const entry = find(id);
  if (!entry) return fail(Errc::not_found, unknown_upload().message);
  std::lock_guard const lock(entry->mutex);
  if (entry->removed) return fail(Errc::not_found, unknown_upload().message);
  drop(*entry);
  return {};
}

void Uploads::forget(std::string_view id) {
  // A missing file counts as forgotten.
  [[maybe_unused]] auto const removed = remove(id);
}

Result<FinishedUpload> Uploads::finished_upload(std::string_view id, std::int64_t attempt, std::int64_t slave) {
  auto const entry = find(id);
  if (!entry) return fail(Errc::not_found, unknown_upload().message);
  std::lock_guard const lock(entry->mutex);
  auto const& state = entry->state;
  bool const theirs = state.spec.user == 0 && state.spec.attempt == attempt && state.spec.slave == slave;
  if (entry->removed || !theirs) return fail(Errc::not_found, unknown_upload().message);
  if (!state.finished) {
    return fail(Errc::not_found,
                fmt::format("this upload is not complete: {} of {} bytes", state.offset, state.spec.size));
  }
  return FinishedUpload{part_path(state.id), state.spec.size, state.spec.sha256};
}

int Uploads::sweep() {
  std::vector<std::shared_ptr<Entry>> entries;
  {
    std::lock_guard const lock(mutex_);
    for (auto const& [id, entry] : entries_) entries.push_back(entry);
  }
  int removed = 0;
  auto const now = clock_();
  for (auto const& entry : entries) {
    std::unique_lock const lock(entry->mutex, std::try_to_lock);
    if (!lock || entry->removed || entry->state.expires > now) continue;
    drop(*entry);
    ++removed;
  }
  return removed;
}

}  // namespace distren
