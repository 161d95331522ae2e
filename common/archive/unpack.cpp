#include "common/archive/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "common/base/files.h"
#include "common/base/text.h"

namespace distren {

namespace {

struct CloseArchive {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

constexpr std::size_t block_bytes = 64 << 10;

Error wrong_entry(std::string_view name, std::string_view reason) {
  return fail(Errc::invalid,
              fmt::format("the archive cannot be used: {}: {}", printable(std::string(name), 200), reason));
}

Error not_written(std::string_view name) {
  int const error = errno;
  return fail(Errc::unavailable,
              fmt::format("{} could not be unpacked: {}", printable(std::string(name), 200), std::strerror(error)));
}

// Its parts, without "." and a slash at the end. Errors: invalid.
Result<std::vector<std::string>> parts_of(std::string_view name, std::size_t max_bytes) {
  if (name.size() > max_bytes) return wrong_entry(name, fmt::format("the name is longer than {} bytes", max_bytes));
  if (name.starts_with('/')) return wrong_entry(name, "its path is absolute");
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= name.size();) {
    auto const end = std::min(name.find('/', at), name.size());
    auto const part = name.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == "..") return wrong_entry(name, "its path has ..");
    if (part.size() > 255) return wrong_entry(name, "a part of its path is longer than 255 bytes");
    parts.emplace_back(part);
  }
  return parts;
}

// What a link in this folder says, relative and not leaving the tree. Errors: invalid.
Result<std::string> link_target(std::string_view name, std::size_t depth, std::string_view target) {
  if (target.empty() || target.size() > 1000) return wrong_entry(name, "a link without a usable target");
  bool const absolute = target.starts_with('/');
  std::size_t level = absolute ? 0 : depth;
  for (std::size_t at = 0; at <= target.size();) {
    auto const end = std::min(target.find('/', at), target.size());
    auto const part = target.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      ++level;
    } else if (level > 0) {
      --level;
    } else if (!absolute) {  // above a root there is the root
      return wrong_entry(name, fmt::format("it links to {}, which leads out", printable(std::string(target), 200)));
    }
  }
  if (!absolute) return std::string(target);
  // Counted from the folder of the tree: "../" as often as the link stands deep. A ".." of the target could then lead
  // out, and none is needed.
  if (target.find("..") != std::string_view::npos)
    return wrong_entry(name, fmt::format("it links to {}, which has ..", printable(std::string(target), 200)));
  std::string relative;
  for (std::size_t i = 0; i < depth; ++i) relative += "../";
  relative += target.substr(std::min(target.find_first_not_of('/'), target.size()));
  return relative.empty() ? "." : relative;
}

class Unpacker {
public:
  Unpacker(archive* reader, FileDescriptor root, UnpackLimits const& limits, std::function<bool()> const& go_on)
      : reader_(reader), root_(std::move(root)), limits_(limits), go_on_(go_on) {}

  Result<Unpacked> run() {
    for (;;) {
      archive_entry* entry = nullptr;
      int const read = archive_read_next_header(reader_, &entry);
      if (read == ARCHIVE_EOF) break;
      if (read != ARCHIVE_OK && read != ARCHIVE_WARN) return unreadable();
      if (auto const done = unpack_entry(entry); !done) return done.error();
    }
    if (done_.entries == 0) return fail(Errc::invalid, "the archive is empty, or no tar");
    return done_;
  }

private:
  [[nodiscard]] Error unreadable() const {
    char const* const reason = archive_error_string(reader_);
    return fail(Errc::invalid, fmt::format("the archive cannot be read: {}",
                                           reason == nullptr ? "it is damaged" : printable(reason, 200)));
  }

  Result<void> unpack_entry(archive_entry* entry) {
    char const* const name = archive_entry_pathname(entry);
    if (name == nullptr) return fail(Errc::invalid, "the archive cannot be used: an entry has no name");
    auto const parts = parts_of(name, limits_.path_bytes);
    if (!parts) return parts.error();
    if (++done_.entries > limits_.entries)
      return fail(Errc::invalid, fmt::format("the archive has more than {} entries", limits_.entries));
    if (!go_on_()) return fail(Errc::unavailable, "unpacking was ended");
    if (parts->empty()) return {};  // "./"
    auto const type = archive_entry_filetype(entry);
    if (parts->front() == "dev" && type != AE_IFDIR) return {};  // the sandbox has its own
    auto const parent = folder_of(name, *parts);
    if (!parent) return parent.error();
    std::string const& last = parts->back();
    if (char const* const same = archive_entry_hardlink(entry)) return link_file(name, same, *parent, last);
    switch (type) {
      case AE_IFDIR:
        return make_folder(name, *parent, last);
      case AE_IFLNK:
        return make_link(name, entry, parts->size() - 1, *parent, last);
      case AE_IFREG:
        return write_file(name, entry, *parent, last);
      default:
        return wrong_entry(name, "it is a device, a pipe or a socket");
    }
  }

  // The folder that the entry is in, made where it is missing; never through a link.
  Result<FileDescriptor> folder_of(std::string_view name, std::vector<std::string> const& parts) {
    FileDescriptor folder(::fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
    for (std::size_t i = 0; folder && i + 1 < parts.size(); ++i) {
      if (::mkdirat(folder.get(), parts[i].c_str(), 0755) != 0 && errno != EEXIST) return not_written(name);
      folder =
          FileDescriptor(::openat(folder.get(), parts[i].c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!folder && (errno == ELOOP || errno == ENOTDIR)) return wrong_entry(name, "it lies behind a link or a file");
    }
    if (!folder) return not_written(name);
    return folder;
  }

  static Result<void> make_folder(std::string_view name, FileDescriptor const& parent, std::string const& last) {
    if (::mkdirat(parent.get(), last.c_str(), 0755) == 0) return {};
    struct stat there {};
    if (errno != EEXIST) return not_written(name);
    if (::fstatat(parent.get(), last.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) return not_written(name);
    if (!S_ISDIR(there.st_mode)) return wrong_entry(name, "its name is there twice");
    return {};
  }

  static Result<void> make_link(std::string_view name, archive_entry* entry, std::size_t depth,
                                FileDescriptor const& parent, std::string const& last) {
    char const* const said = archive_entry_symlink(entry);
    auto const target = link_target(name, depth, said == nullptr ? "" : said);
    if (!target) return target.error();
    if (::symlinkat(target->c_str(), parent.get(), last.c_str()) == 0) return {};
    return errno == EEXIST ? wrong_entry(name, "its name is there twice") : not_written(name);
  }

  // The same file once more: one that was unpacked before.
  Result<void> link_file(std::string_view name, std::string_view same, FileDescriptor const& parent,
                         std::string const& last) {
    auto const parts = parts_of(same, limits_.path_bytes);
    if (!parts) return parts.error();
    if (parts->empty()) return wrong_entry(name, "it is a hard link to nothing");
    auto const folder = folder_of(same, *parts);
    if (!folder) return folder.error();
    struct stat there {};
    if (::fstatat(folder->get(), parts->back().c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(there.st_mode))
      return wrong_entry(
          name, fmt::format("it is a hard link to {}, which is no file before it", printable(std::string(same), 200)));
    if (::linkat(folder->get(), parts->back().c_str(), parent.get(), last.c_str(), 0) == 0) return {};
    return errno == EEXIST ? wrong_entry(name, "its name is there twice") : not_written(name);
  }

  Result<void> write_file(std::string_view name, archive_entry* entry, FileDescriptor const& parent,
                          std::string const& last) {
    mode_t const mode = (archive_entry_perm(entry) & 0111U) != 0 ? 0755 : 0644;
    FileDescriptor const file(
        ::openat(parent.get(), last.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!file) return errno == EEXIST ? wrong_entry(name, "its name is there twice") : not_written(name);
    la_int64_t at = 0;
    for (;;) {
      void const* bytes = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      int const read = archive_read_data_block(reader_, &bytes, &size, &offset);
      if (read == ARCHIVE_EOF) break;
      if (read != ARCHIVE_OK && read != ARCHIVE_WARN) return unreadable();
      if (!go_on_()) return fail(Errc::unavailable, "unpacking was ended");
      // Holes count: a sparse file of a terabyte is one for whoever reads it.
      auto const end = offset + static_cast<la_int64_t>(size);
      if (offset < at || end > limits_.bytes || done_.bytes + (end - at) > limits_.bytes)
        return fail(Errc::invalid, fmt::format("the archive is larger than {} MiB unpacked", limits_.bytes >> 20));
      if (auto const done = write_block(name, file, static_cast<char const*>(bytes), size, offset); !done) return done;
      done_.bytes += end - at;
      at = end;
    }
    return {};
  }

  static Result<void> write_block(std::string_view name, FileDescriptor const& file, char const* bytes,
                                  std::size_t size, la_int64_t offset) {
    while (size > 0) {
      ssize_t const written = ::pwrite(file.get(), bytes, size, offset);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return not_written(name);
      bytes += written;
      size -= static_cast<std::size_t>(written);
      offset += written;
    }
    return {};
  }

  archive* reader_;
  FileDescriptor root_;
  UnpackLimits const& limits_;
  std::function<bool()> const& go_on_;
  Unpacked done_{};
};

}  // namespace

Result<Unpacked> unpack(std::filesystem::path const& archive_path, std::filesystem::path const& folder,
                        UnpackLimits const& limits, std::function<bool()> const& go_on) {
  std::unique_ptr<archive, CloseArchive> const reader(archive_read_new());
  if (!reader) return fail(Errc::unavailable, "there is no memory to read the archive");
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_xz(reader.get());
  archive_read_support_filter_zstd(reader.get());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_filename(reader.get(), archive_path.c_str(), block_bytes) != ARCHIVE_OK) {
    char const* const reason = archive_error_string(reader.get());
    return fail(Errc::invalid, fmt::format("{} is no tar archive: {}", archive_path.filename().string(),
                                           reason == nullptr ? "it cannot be read" : printable(reason, 200)));
  }
  FileDescriptor root(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return not_written(folder.string());
  return Unpacker(reader.get(), std::move(root), limits, go_on).run();
}

namespace {

// Links are checked by their words alone while they are unpacked; several together may lead out.
bool is_program(std::filesystem::path const& path, std::filesystem::path const& folder) {
  std::error_code error;
  auto const real = std::filesystem::canonical(path, error);
  if (error) return false;
  auto const base = std::filesystem::canonical(folder, error);
  if (error || *real.lexically_relative(base).begin() == "..") return false;
  struct stat there {};
  return ::stat(path.c_str(), &there) == 0 && S_ISREG(there.st_mode) && (there.st_mode & 0111U) != 0;
}

}  // namespace

Result<RendererLayout> find_layout(std::filesystem::path const& folder, std::string const& program) {
  // A link of a tree is followed inside the sandbox alone: /etc/alternatives of the host is another one.
  std::error_code error;
  auto const in_tree = std::filesystem::symlink_status(folder / "usr/bin" / program, error);
  if (!error && (std::filesystem::is_symlink(in_tree) || std::filesystem::is_regular_file(in_tree)))
    return RendererLayout{true, folder, "usr/bin/" + program};
  if (is_program(folder / program, folder)) return RendererLayout{false, folder, program};
  std::vector<std::filesystem::path> inner;
  for (auto const& each : std::filesystem::directory_iterator(folder, error))
    if (each.is_directory() && !each.is_symlink()) inner.push_back(each.path());
  if (inner.size() == 1 && is_program(inner.front() / program, folder))
    return RendererLayout{false, inner.front(), program};
  return fail(Errc::invalid,
              fmt::format("the archive has no {}: neither usr/bin/{} of a whole tree, nor in its one folder", program,
                          program));
}

}  // namespace distren
