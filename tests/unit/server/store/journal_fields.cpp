// The rows that the server writes into the journal and the columns that journal_write reads are the same, in one order.
#include <cstdlib>
#include <filesystem>
#include <map>
#include <regex>
#include <string>

#include "common/base/files.h"
#include "server/store/journal.h"
#include "tests/support/check_main.h"

using namespace distren;

namespace {

std::string procedure(std::string const& name) {
  auto const* const top = std::getenv("top_srcdir");
  auto const folder = std::filesystem::path(top == nullptr ? ".." : top) / "sql/procedures/journal";
  auto const text = read_file(folder / (name + ".sql"), 1U << 20);
  ck_assert_msg(text.has_value(), "%s", text ? "" : text.error().message.c_str());
  return *text;
}

// index -> name of the columns that are read from this parameter.
std::map<std::size_t, std::string> columns(std::string const& text, std::string const& parameter) {
  std::map<std::size_t, std::string> found;
  std::regex const table("JSON_TABLE\\(" + parameter + ",([^;]*?)\\)\\) n");
  std::regex const column("(\\w+) [A-Z]+(?:\\(\\d+\\))?(?: UNSIGNED)?(?: EXISTS)? PATH '\\$\\[(\\d+)\\](?:\\[0\\])?'");
  std::smatch match;
  ck_assert_msg(std::regex_search(text, match, table), "%s is not read", parameter.c_str());
  std::string const inside = match[1];
  for (std::sregex_iterator each(inside.begin(), inside.end(), column), end; each != end; ++each)
    ck_assert(found.emplace(std::stoul((*each)[2]), (*each)[1]).second);
  return found;
}

template <std::size_t N>
void check(std::map<std::size_t, std::string> const& read, std::array<std::string_view, N> const& written) {
  for (auto const& [index, name] : read) {
    ck_assert_msg(index < N && written[index] == name, "value %zu is read as %s", index, name.c_str());
  }
}

}  // namespace

// What is said of failures alone is read for batches with failures alone.
START_TEST(every_value_of_a_batch_is_read_by_the_name_that_it_is_written_by) {
  auto const text = procedure("journal_write");
  auto const leases = columns(text, "p_leases");
  auto outcomes = columns(text, "p_outcomes");
  auto const failures = columns(procedure("journal_write_failures"), "p_outcomes");
  check(leases, store::lease_fields);
  check(outcomes, store::outcome_fields);
  check(failures, store::outcome_fields);
  ck_assert_uint_eq(leases.size(), store::lease_fields.size());
  outcomes.insert(failures.begin(), failures.end());
  ck_assert_uint_eq(outcomes.size(), store::outcome_fields.size());
}
END_TEST

namespace {

TestGroup const fields_tests{"fields", {every_value_of_a_batch_is_read_by_the_name_that_it_is_written_by}};

}  // namespace
