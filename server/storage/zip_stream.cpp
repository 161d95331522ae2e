#include "server/storage/zip_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

namespace distren {

namespace {

// Names and numbers as in PKWARE's APPNOTE.TXT, 4.3 and 4.5.
constexpr std::int64_t most32 = 0xffffffff;  // this value says: look into the zip64 field
constexpr std::size_t most16 = 0xffff;
constexpr std::int64_t header_size = 30, directory_entry_size = 46, end_size = 22, end64_size = 56, locator_size = 20;
constexpr std::uint64_t flags = 1U << 3 | 1U << 11;  // sums follow the file; names are UTF-8
constexpr std::uint64_t version = 20, version64 = 45, made_by_unix = 3 << 8;
constexpr std::uint64_t plain_file = 0100644ULL << 16;

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

std::uint64_t capped(std::int64_t value) {
  return static_cast<std::uint64_t>(std::min(value, most32));
}

bool is_large(std::int64_t size) {
  return size >= most32;
}

}  // namespace

ZipStream::ZipStream(std::filesystem::path folder, std::int64_t now_s) : folder_(std::move(folder)) {
  std::time_t const now = now_s;
  std::tm at{};
  ::gmtime_r(&now, &at);
  time_ = static_cast<std::uint16_t>(at.tm_hour << 11 | at.tm_min << 5 | at.tm_sec / 2);
  date_ = static_cast<std::uint16_t>(std::clamp(at.tm_year - 80, 0, 127) << 9 | (at.tm_mon + 1) << 5 | at.tm_mday);
}

void ZipStream::add(std::string_view name, std::int64_t size) {
  names_.append(name);
  entries_.push_back({size, 0, static_cast<std::uint32_t>(names_.size())});
}

std::string_view ZipStream::name(std::size_t index) const {
  std::size_t const begin = index == 0 ? 0 : entries_[index - 1].name_end;
  return std::string_view(names_).substr(begin, entries_[index].name_end - begin);
}

std::string ZipStream::local_header(std::size_t index) const {
  auto const& entry = entries_[index];
  bool const large = is_large(entry.size);
  std::string out;
  put(out, 0x04034b50, 4);
  put(out, large ? version64 : version, 2);
  put(out, flags, 2);
  put(out, 0, 2);  // stored
  put(out, time_, 2);
  put(out, date_, 2);
  put(out, 0, 4);  // the checksum follows the file; the sizes are known, and help who reads without seeking
  put(out, capped(entry.size), 4);
  put(out, capped(entry.size), 4);
  put(out, name(index).size(), 2);
  put(out, large ? 20 : 0, 2);
  out += name(index);
  if (large) {
    put(out, 1, 2);
    put(out, 16, 2);
    put(out, static_cast<std::uint64_t>(entry.size), 8);
    put(out, static_cast<std::uint64_t>(entry.size), 8);
  }
  return out;
}

std::string ZipStream::descriptor(std::size_t index) const {
  auto const& entry = entries_[index];
  int const width = is_large(entry.size) ? 8 : 4;
  std::string out;
  put(out, 0x08074b50, 4);
  put(out, entry.crc, 4);
  put(out, static_cast<std::uint64_t>(entry.size), width);
  put(out, static_cast<std::uint64_t>(entry.size), width);
  return out;
}

std::int64_t ZipStream::size_in_archive(std::size_t index) const {
  auto const& entry = entries_[index];
  return header_size + static_cast<std::int64_t>(name(index).size()) + entry.size +
         (is_large(entry.size) ? 20 + 24 : 16);
}

std::string ZipStream::directory_entry(std::size_t index, std::int64_t offset) const {
  auto const& entry = entries_[index];
  std::string extra;
  if (is_large(entry.size)) {
    put(extra, static_cast<std::uint64_t>(entry.size), 8);
    put(extra, static_cast<std::uint64_t>(entry.size), 8);
  }
  if (is_large(offset)) put(extra, static_cast<std::uint64_t>(offset), 8);
  std::string out;
  put(out, 0x02014b50, 4);
  put(out, made_by_unix | (extra.empty() ? version : version64), 2);
  put(out, extra.empty() ? version : version64, 2);
  put(out, flags, 2);
  put(out, 0, 2);
  put(out, time_, 2);
  put(out, date_, 2);
  put(out, entry.crc, 4);
  put(out, capped(entry.size), 4);
  put(out, capped(entry.size), 4);
  put(out, name(index).size(), 2);
  put(out, extra.empty() ? 0 : extra.size() + 4, 2);
  put(out, 0, 2);  // comment
  put(out, 0, 2);  // disk
  put(out, 0, 2);
  put(out, plain_file, 4);
  put(out, capped(offset), 4);
  out += name(index);
  if (!extra.empty()) {
    put(out, 1, 2);
    put(out, extra.size(), 2);
    out += extra;
  }
  return out;
}

std::string ZipStream::end_of_archive(std::int64_t directory, std::int64_t directory_size) const {
  std::string out;
  auto const count = entries_.size();
  if (count >= most16 || is_large(directory) || is_large(directory_size)) {
    put(out, 0x06064b50, 4);
    put(out, end64_size - 12, 8);
    put(out, made_by_unix | version64, 2);
    put(out, version64, 2);
    put(out, 0, 4);
    put(out, 0, 4);
    put(out, count, 8);
    put(out, count, 8);
    put(out, static_cast<std::uint64_t>(directory_size), 8);
    put(out, static_cast<std::uint64_t>(directory), 8);
    put(out, 0x07064b50, 4);
    put(out, 0, 4);
    put(out, static_cast<std::uint64_t>(directory + directory_size), 8);
    put(out, 1, 4);
  }
  put(out, 0x06054b50, 4);
  put(out, 0, 2);
  put(out, 0, 2);
  put(out, std::min(count, most16), 2);
  put(out, std::min(count, most16), 2);
  put(out, capped(directory_size), 4);
  put(out, capped(directory), 4);
  put(out, 0, 2);
  return out;
}

std::int64_t ZipStream::length() const {
  std::int64_t files = 0, directory = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    int const numbers = (is_large(entries_[i].size) ? 2 : 0) + (is_large(files) ? 1 : 0);
    directory += directory_entry_size + static_cast<std::int64_t>(name(i).size()) + (numbers > 0 ? 4 + 8 * numbers : 0);
    files += size_in_archive(i);
  }
  bool const large = entries_.size() >= most16 || is_large(files) || is_large(directory);
  return files + directory + end_size + (large ? end64_size + locator_size : 0);
}

Result<void> ZipStream::open_file() {
  auto const path = folder_ / name(index_);
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) {
    return fail(Errc::unavailable, fmt::format("{}: {}", path.string(), std::strerror(errno)));
  }
  if (!S_ISREG(info.st_mode) || info.st_size != entries_[index_].size) {
    return fail(Errc::unavailable,
                fmt::format("{} has {} bytes, its row says {}", path.string(), info.st_size, entries_[index_].size));
  }
  file_ = std::move(file);
  left_ = entries_[index_].size;
  return {};
}

// What comes next goes to made_, or a file is opened; past the end made_ stays empty.
Result<void> ZipStream::make_next() {
  made_.clear();
  made_at_ = 0;
  switch (part_) {
    case Part::header:
      if (index_ == entries_.size()) {
        part_ = Part::directory;
        index_ = 0;
        return make_next();
      }
      if (auto const opened = open_file(); !opened) return opened;
      made_ = local_header(index_);
      part_ = Part::content;
      return {};
    case Part::content:  // all of it was read
      file_ = FileDescriptor();
      made_ = descriptor(index_);
      directory_ += size_in_archive(index_);
      ++index_;
      part_ = Part::header;
      return {};
    case Part::directory:
      if (index_ == entries_.size()) {
        made_ = end_of_archive(directory_, directory_size_);
        part_ = Part::end;
        return {};
      }
      made_ = directory_entry(index_, directory_offset_);
      directory_offset_ += size_in_archive(index_);
      directory_size_ += static_cast<std::int64_t>(made_.size());
      ++index_;
      return {};
    case Part::end:
      break;
  }
  return {};
}

Result<std::size_t> ZipStream::read_file(char* into, std::size_t size) {
  auto const wanted = static_cast<std::size_t>(std::min<std::int64_t>(left_, static_cast<std::int64_t>(size)));
  auto const got = ::read(file_.get(), into, wanted);
  if (got <= 0) {
    return fail(Errc::unavailable, fmt::format("{}: {}", (folder_ / name(index_)).string(),
                                               got < 0 ? std::strerror(errno) : "it became shorter"));
  }
  auto& crc = entries_[index_].crc;
  crc = static_cast<std::uint32_t>(crc32_z(crc, reinterpret_cast<Bytef const*>(into), static_cast<std::size_t>(got)));
  left_ -= got;
  return static_cast<std::size_t>(got);
}

Result<std::size_t> ZipStream::read(char* into, std::size_t size) {
  std::size_t filled = 0;
  while (filled < size) {
    if (made_at_ < made_.size()) {
      auto const part = std::min(size - filled, made_.size() - made_at_);
      std::memcpy(into + filled, made_.data() + made_at_, part);
      made_at_ += part;
      filled += part;
      continue;
    }
    if (part_ == Part::content && left_ > 0) {
      auto const got = read_file(into + filled, size - filled);
      if (!got) return got.error();
      filled += *got;
      continue;
    }
    if (auto const made = make_next(); !made) return made.error();
    if (made_.empty()) break;
  }
  if (filled == 0) return fail(Errc::unavailable, "the archive has no more bytes");
  return filled;
}

}  // namespace distren
