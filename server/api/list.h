// Pages of lists: {"items": [...], "next_cursor": text or null}. A cursor is opaque and belongs to one list with one
// filter, so that it cannot be used with another by mistake; it is null on the last page, however full that is. Worker
// threads. Errors: invalid, cursor_invalid among them.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "server/api/caller.h"
#include "server/http/message.h"

namespace distren {

// Whose things a list shows.
struct ListOwner {
  bool any = false;     // everybody's; for moderators
  std::int64_t id = 0;  // else this user's
  // As procedures take it: 0 is everybody.
  [[nodiscard]] std::int64_t filter() const { return any ? 0 : id; }
};

class ListPage {
public:
  // Reads limit (1 to 1000, 100 by default) and cursor; every other parameter is a filter. most: what a page of large
  // items holds at most, whatever its limit.
  static Result<ListPage> read(Request const& request, int most = 1000);

  [[nodiscard]] std::int64_t position() const { return position_; }  // of the last row of the page before; 0: none
  [[nodiscard]] int limit() const { return limit_; }
  [[nodiscard]] int rows() const { return limit_ + 1; }  // to ask for: one more tells whether there is another page

  // Takes the row that only told so away.
  template <typename Rows>
  void cut(Rows& rows) {
    more_ = rows.size() > static_cast<std::size_t>(limit_);
    if (more_) rows.erase(rows.begin() + limit_, rows.end());
  }
  // last: the position of the last row; of a list that has none, anything.
  [[nodiscard]] Reply reply(nlohmann::json items, std::int64_t last) const;

private:
  int limit_ = 100;
  std::int64_t position_ = 0;
  bool more_ = false;
  std::string list_;  // path and filters, as cursors carry their digest
};

// A list without pages: all of it.
Reply whole_list_reply(nlohmann::json items);

// ?owner=me (the default), any or the number of a user; what is not the caller's is for moderators. Errors: invalid,
// denied.
Result<ListOwner> read_list_owner(Request const& request, Caller const& caller);

}  // namespace distren
