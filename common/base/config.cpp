#include "common/base/config.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "common/base/files.h"
#include "common/base/similar_word.h"

namespace distren {

struct Config::Tree {
  std::string name;
  std::filesystem::path folder;  // relative paths in the file count from here; empty: as they are
  toml::table table;
  std::set<std::string, std::less<>> asked;
  std::vector<std::string> problems;

  toml::node const* find(std::string_view key) {
    asked.emplace(key);
    return table.at_path(key).node();
  }

  void complain(std::string_view key, toml::node const& node, std::string_view wanted) {
    std::ostringstream value;
    node.visit([&value](auto const& n) { value << n; });
    problems.push_back(fmt::format("{}:{}: {} = {} is not usable; it takes {}", name, node.source().begin.line, key,
                                   value.str(), wanted));
  }

  [[nodiscard]] std::string instead_of(std::string_view key, std::span<RenamedSetting const> renamed) const {
    auto const found = std::ranges::find(renamed, key, &RenamedSetting::before);
    if (found != renamed.end()) return fmt::format("; it is called '{}' now", found->now);
    auto const similar = similar_word(key, asked);
    return similar.empty() ? "" : fmt::format("; did you mean '{}'?", similar);
  }

  void find_unknown(toml::table const& from, std::string const& prefix, std::span<RenamedSetting const> renamed,
                    std::vector<std::string>& out) const {
    for (auto const& [key, node] : from) {
      std::string const path = prefix.empty() ? std::string(key.str()) : prefix + "." + std::string(key.str());
      if (asked.contains(path)) continue;
      if (auto const* inner = node.as_table(); inner != nullptr && !inner->empty())
        find_unknown(*inner, path, renamed, out);
      else if (inner == nullptr)
        out.push_back(fmt::format("{}:{}: there is no setting '{}'{}", name, node.source().begin.line, path,
                                  instead_of(path, renamed)));
    }
  }
};

Config::Config(std::unique_ptr<Tree> tree) : tree_(std::move(tree)) {}
Config::Config(Config&&) noexcept = default;
Config::~Config() = default;

Result<Config> Config::load(std::filesystem::path const& file) {
  auto text = read_file(file, 1U << 20);
  if (!text) return text.error();
  auto config = parse(*text, file.string());
  if (config) config->tree_->folder = std::filesystem::absolute(file).parent_path();
  return config;
}

Result<Config> Config::parse(std::string_view text, std::string_view name) {
  auto tree = std::make_unique<Tree>();
  tree->name = name;
  try {
    tree->table = toml::parse(text);
  } catch (toml::parse_error const& problem) {
    return fail(Errc::invalid, fmt::format("{}:{}: {}", name, problem.source().begin.line, problem.description()));
  }
  return Config(std::move(tree));
}

void Config::read(std::string_view key, std::string& target) {
  auto const* node = tree_->find(key);
  if (node == nullptr) return;
  if (auto const value = node->value_exact<std::string>())
    target = *value;
  else
    tree_->complain(key, *node, "a text in quotes");
}

void Config::read(std::string_view key, std::filesystem::path& target) {
  std::string text = target.string();
  read(key, text);
  target = text;
  if (!target.empty() && target.is_relative()) target = tree_->folder / target;
}

void Config::read(std::string_view key, bool& target) {
  auto const* node = tree_->find(key);
  if (node == nullptr) return;
  if (auto const value = node->value_exact<bool>())
    target = *value;
  else
    tree_->complain(key, *node, "true or false");
}

void Config::read(std::string_view key, std::int64_t& target, std::int64_t min, std::int64_t max) {
  auto const* node = tree_->find(key);
  if (node == nullptr) return;
  auto const value = node->value_exact<std::int64_t>();
  if (value && *value >= min && *value <= max)
    target = *value;
  else
    tree_->complain(key, *node, fmt::format("a whole number from {} to {}", min, max));
}

void Config::read(std::string_view key, int& target, int min, int max) {
  std::int64_t wide = target;
  read(key, wide, min, max);
  target = static_cast<int>(wide);
}

void Config::read(std::string_view key, std::vector<std::string>& target) {
  auto const* node = tree_->find(key);
  if (node == nullptr) return;
  std::vector<std::string> values;
  if (auto const* array = node->as_array(); array != nullptr) {
    for (auto const& element : *array) {
      auto const value = element.value_exact<std::string>();
      if (!value) return tree_->complain(key, *node, "a list of texts");
      values.push_back(*value);
    }
    target = std::move(values);
  } else {
    tree_->complain(key, *node, "a list of texts");
  }
}

void Config::read_text_or_list(std::string_view key, std::vector<std::string>& target) {
  auto const* node = tree_->table.at_path(key).node();
  if (node == nullptr || node->is_table()) return;
  if (!node->is_string()) return read(key, target);
  std::string text;
  read(key, text);
  target = {text};
}

Result<void> Config::finish(std::span<RenamedSetting const> renamed) const {
  std::vector<std::string> problems = tree_->problems;
  tree_->find_unknown(tree_->table, "", renamed, problems);
  if (problems.empty()) return {};
  return fail(Errc::invalid, fmt::format("{}", fmt::join(problems, "\n")));
}

}  // namespace distren
