// A ZIP made on its way: files of one folder, stored as they are (images are compressed already), each checksum after
// its file, so that every file is read once. The whole length is known beforehand; what is above the old limits of 4
// GiB and 65,534 files is written as zip64. In memory: the names and 16 bytes for each file. One thread at a time.
// Failure: a file that is missing, or has another length than announced, ends the stream in the middle.
// Our own: libarchive cannot tell the archive's length beforehand, and a browser shows no progress without it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/files.h"
#include "server/http/message.h"

namespace distren {

class ZipStream : public ByteSource {
public:
  // now_s: UNIX time that every file in the archive gets.
  ZipStream(std::filesystem::path folder, std::int64_t now_s);

  // Before the first read. name: UTF-8, at most 65,535 bytes, a plain file of the folder.
  void add(std::string_view name, std::int64_t size);
  [[nodiscard]] std::size_t files() const { return entries_.size(); }
  [[nodiscard]] std::int64_t length() const;

  Result<std::size_t> read(char* into, std::size_t size) override;

private:
  struct Entry {
    std::int64_t size = 0;
    std::uint32_t crc = 0;
    std::uint32_t name_end = 0;  // in names_
  };
  enum class Part { header, content, directory, end };

  [[nodiscard]] std::string_view name(std::size_t index) const;
  [[nodiscard]] std::string local_header(std::size_t index) const;
  [[nodiscard]] std::string descriptor(std::size_t index) const;
  [[nodiscard]] std::string directory_entry(std::size_t index, std::int64_t offset) const;
  [[nodiscard]] std::string end_of_archive(std::int64_t directory, std::int64_t directory_size) const;
  [[nodiscard]] std::int64_t size_in_archive(std::size_t index) const;
  Result<void> open_file();
  Result<std::size_t> read_file(char* into, std::size_t size);
  Result<void> make_next();

  std::filesystem::path folder_;
  std::uint16_t time_ = 0, date_ = 0;
  std::string names_;
  std::vector<Entry> entries_;

  Part part_ = Part::header;
  std::size_t index_ = 0;
  std::string made_;         // headers and the like that wait to be read
  std::size_t made_at_ = 0;  // how far they are
  FileDescriptor file_;
  std::int64_t left_ = 0;              // of the file
  std::int64_t directory_ = 0;         // where it begins
  std::int64_t directory_offset_ = 0;  // of the entry that it lists next
  std::int64_t directory_size_ = 0;    // so far
};

}  // namespace distren
