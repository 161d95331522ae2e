// Configuration files in TOML, as a tree that records which keys were read. Thread: one, at start-up. Usage: load, read
// each key into a struct whose members carry the defaults, then finish(), which rejects unknown keys by name and line,
// so that a misspelt setting is noticed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace distren {

// A setting of an earlier version that has another name now.
struct RenamedSetting {
  std::string_view before;
  std::string_view now;
};

class Config {
public:
  static Result<Config> load(std::filesystem::path const& file);
  static Result<Config> parse(std::string_view text, std::string_view name);
  Config(Config&&) noexcept;
  ~Config();

  // key is dotted: "database.socket". The target keeps its value when the key is absent. A value of the wrong type or
  // out of range is recorded and reported by finish().
  void read(std::string_view key, std::string& target);
  void read(std::string_view key, bool& target);
  void read(std::string_view key, std::int64_t& target, std::int64_t min, std::int64_t max);
  void read(std::string_view key, int& target, int min, int max);
  void read(std::string_view key, std::vector<std::string>& target);
  void read_text_or_list(std::string_view key, std::vector<std::string>& target);  // a table is left to its own keys
  void read(std::string_view key, std::filesystem::path& target);                  // relative to the file's folder

  // Every problem, one a line, each with file, line, key, value and what is allowed. An unknown key is reported with
  // its new name, if it is among `renamed`, or else the known key that is spelt most alike.
  [[nodiscard]] Result<void> finish(std::span<RenamedSetting const> renamed = {}) const;

private:
  struct Tree;
  explicit Config(std::unique_ptr<Tree> tree);
  std::unique_ptr<Tree> tree_;
};

}  // namespace distren
