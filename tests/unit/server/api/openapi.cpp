// doc/openapi.yaml and the server's table of routes name the same paths and methods.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

#include "server/api/handlers.h"
#include "tests/support/check_main.h"

using namespace distren;

namespace {

std::string document() {
  char const* top = std::getenv("top_srcdir");
  return std::string(top == nullptr ? ".." : top) + "/doc/openapi.yaml";
}

// The document keeps paths at two spaces and methods at four; see its first comment.
std::set<std::string> documented() {
  std::set<std::string> found;
  std::ifstream file(document());
  ck_assert_msg(file.good(), "%s is not there", document().c_str());
  std::string path;
  bool in_paths = false;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != ' ') in_paths = line == "paths:";
    if (!in_paths || !line.starts_with("  ") || !line.ends_with(":")) continue;
    auto const name = line.substr(0, line.size() - 1);
    if (name.starts_with("  /")) path = name.substr(2);
    if (!name.starts_with("    ") || name.starts_with("     ")) continue;
    auto method = name.substr(4);
    std::transform(method.begin(), method.end(), method.begin(), [](unsigned char c) { return std::toupper(c); });
    if (method != "PARAMETERS") found.insert(method + " " + path);
  }
  return found;
}

}  // namespace

START_TEST(every_route_is_documented_and_every_documented_route_exists) {
  std::set<std::string> served;
  for (auto const& route : api_routes()) served.insert(std::string(route.method) + " " + std::string(route.pattern));
  auto const written = documented();
  ck_assert_uint_gt(written.size(), 10);
  for (auto const& each : served) ck_assert_msg(written.contains(each), "%s is not documented", each.c_str());
  for (auto const& each : written) ck_assert_msg(served.contains(each), "%s is not served", each.c_str());
}
END_TEST

namespace {

TestGroup const document_tests{"document", {every_route_is_documented_and_every_documented_route_exists}};

}  // namespace
