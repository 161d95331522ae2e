#include "server/api/list.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/digest.h"
#include "common/base/text.h"
#include "server/api/json.h"

namespace distren {

namespace {

constexpr int max_limit = 1000;
constexpr std::size_t digest_letters = 8;
constexpr std::size_t max_cursor = 40;

Error invalid_parameter(std::string_view name, std::string_view code, std::string detail) {
  return Error{Errc::invalid, detail, {}, {{"query", std::string(name), std::string(code), detail}}};
}

std::string digest_of(std::string_view list) {
  return to_base64url(as_bytes(sha256(list))).substr(0, digest_letters);
}

}  // namespace

Result<ListPage> ListPage::read(Request const& request, int most) {
  ListPage page;
  std::string_view cursor;
  page.list_ = request.path;
  for (auto const& [name, value] : request.query) {
    if (name == "limit") {
      auto const limit = whole_number(value, 1, max_limit);
      if (!limit)
        return invalid_parameter(name, "out_of_range",
                                 fmt::format("limit={} is not between 1 and {}", printable(value, 30), max_limit));
      page.limit_ = static_cast<int>(*limit);
    } else if (name == "cursor") {
      cursor = value;
    } else {  // a filter; the router knows which there are
      page.list_ += fmt::format("\n{}={}", name, value);
    }
  }
  page.limit_ = std::min(page.limit_, most);
  if (cursor.empty()) return page;
  auto const digest = digest_of(page.list_);
  auto const position = cursor.size() <= max_cursor && cursor.starts_with(digest)
                            ? whole_number(cursor.substr(digest.size()), 1, INT64_MAX)
                            : std::nullopt;
  if (!position) {
    auto error = invalid_parameter(
        "cursor", "bad_format",
        fmt::format("cursor={} is not the next_cursor of an earlier page of this list", printable(cursor, 50)));
    error.problem = "cursor_invalid";
    return error;
  }
  page.position_ = *position;
  return page;
}

Reply ListPage::reply(nlohmann::json items, std::int64_t last) const {
  nlohmann::json next(nullptr);
  if (more_) next = fmt::format("{}{}", digest_of(list_), last);
  return json_reply(200, {{"items", std::move(items)}, {"next_cursor", std::move(next)}});
}

Reply whole_list_reply(nlohmann::json items) {
  return json_reply(200, {{"items", std::move(items)}, {"next_cursor", nullptr}});
}

Result<ListOwner> read_list_owner(Request const& request, Caller const& caller) {
  auto const text = request.parameter("owner").value_or("me");
  if (text == "me") return ListOwner{.id = caller.user.id};
  auto const number = whole_number(text, 1, INT64_MAX);
  if (text != "any" && !number)
    return invalid_parameter("owner", "bad_format",
                             fmt::format("owner={} is not me, any or the number of a user", printable(text, 30)));
  if (number && *number == caller.user.id) return ListOwner{.id = *number};
  if (!caller.moderates())
    return fail(Errc::denied, "only moderators see what belongs to others; leave out owner to see yours");
  return number ? ListOwner{.id = *number} : ListOwner{.any = true};
}

}  // namespace distren
