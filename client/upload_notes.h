// Where uploads stand that are not complete, so that a process resumes what a killed one began: a small file for each
// in the user's folder, named by server and content. Any thread, several processes at once. What cannot be written is
// not resumed, which is no error. Notes older than a week go: servers keep unfinished uploads for a day.
#pragma once

#include <filesystem>
#include <string>

namespace distren::client {

class UploadNotes {
public:
  UploadNotes(std::filesystem::path folder, std::string server);

  // The address of the upload of this content; empty: none.
  [[nodiscard]] std::string find(std::string const& sha256) const;
  void keep(std::string const& sha256, std::string const& location) const;
  void forget(std::string const& sha256) const;

private:
  [[nodiscard]] std::filesystem::path file_of(std::string const& sha256) const;
  void sweep() const;

  std::filesystem::path folder_;
  std::string server_;
};

}  // namespace distren::client
