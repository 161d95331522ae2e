// Configuration files in TOML, read into a tree that knows which keys were asked for. Start-up only, one thread.
// Usage: load, read each key with its default into a struct whose members carry the defaults, then finish(), which
// refuses keys that nobody asked for by name and line: a misspelt setting must not pass in silence.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace distren {

class Config {
public:
  static Result<Config> load(std::filesystem::path const& file);
  static Result<Config> parse(std::string_view text, std::string_view name);
  Config(Config&&) noexcept;
  ~Config();

  // key is dotted: "database.socket". The target keeps its value when the key is absent. A value of the wrong type
  // or out of range is remembered and reported by finish().
  void read(std::string_view key, std::string& target);
  void read(std::string_view key, bool& target);
  void read(std::string_view key, std::int64_t& target, std::int64_t min, std::int64_t max);
  void read(std::string_view key, int& target, int min, int max);
  void read(std::string_view key, std::vector<std::string>& target);
  void read(std::string_view key, std::filesystem::path& target);  // relative to the file's folder

  // Every problem found, one a line, each with file, line, key, value and what is allowed.
  Result<void> finish() const;

private:
  struct Tree;
  explicit Config(std::unique_ptr<Tree> tree);
  std::unique_ptr<Tree> tree_;
};

}  // namespace distren
