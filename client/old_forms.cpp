#include "client/old_forms.h"

#include <algorithm>
#include <cctype>

namespace distren::client {
namespace {

using Words = std::vector<std::string>;

bool takes_value(std::string const& option) {
  return option == "--server" || option == "--ca-file";
}

// The first word from `at` on that is neither an option nor a value of one that every command has; words.size(): none.
std::size_t next_word(Words const& words, std::size_t at) {
  while (at < words.size() && words[at].starts_with('-')) at += takes_value(words[at]) ? 2 : 1;
  return std::min(at, words.size());
}

bool is_number(std::string const& word) {
  return !word.empty() && std::ranges::all_of(word, [](unsigned char c) { return std::isdigit(c) != 0; });
}

void insert_after(Words& words, std::size_t at, char const* word) {
  words.insert(words.begin() + static_cast<std::ptrdiff_t>(at) + 1, word);
}

// "tokens new" is "token create".
void rename_action(Words& words, std::size_t command, std::size_t action, char const* singular) {
  words[command] = singular;
  if (words[action] == "new") words[action] = "create";
}

}  // namespace

std::vector<std::string> present_form(std::vector<std::string> words) {
  auto const first = next_word(words, 0);
  if (first == words.size()) return words;
  auto const second = next_word(words, first + 1);
  auto const command = words[first];
  auto const argument = second < words.size() ? words[second] : std::string();

  if (command == "change") {
    words[first] = "job";
    insert_after(words, first, "edit");
  } else if (command == "job" && is_number(argument)) {
    insert_after(words, first, "show");
  } else if (command == "tokens" && (argument == "new" || argument == "revoke")) {
    rename_action(words, first, second, "token");
  } else if (command == "projects" && argument == "new") {
    rename_action(words, first, second, "project");
  } else if (command == "shots" && next_word(words, second + 1) < words.size()) {
    words[first] = "shot";
    insert_after(words, first, "set");
  } else if (command == "points" && argument != "statement") {
    if (std::erase(words, "--statement") > 0) insert_after(words, first, "statement");
  }
  return words;
}

}  // namespace distren::client
