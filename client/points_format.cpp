#include "client/points_format.h"

#include <fmt/format.h>

#include <cmath>

#include "client/table.h"
#include "common/base/points_text.h"

namespace distren::client {
namespace {

constexpr double largest = 9e12;  // beyond, thousandths are no longer exact

std::int64_t thousandths_of(Json const& object, char const* key) {
  auto const value = fraction_of(object, key);
  return std::abs(value) < largest ? std::llround(value * 1000) : 0;
}

bool has_number(Json const& object, char const* key) {
  auto const found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_number();
}

// "job 7 (film)"; the name is missing when the job is deleted.
std::string name_and_id_of(Json const& line, char const* kind) {
  auto const& object = object_of(line, kind);
  auto const id = id_of(object);
  if (id.empty()) return {};
  auto const called = text_of(object, "name");
  return fmt::format("{} {}{}", kind, id, called.empty() ? "" : fmt::format(" ({})", called));
}

std::string finish_of(Json const& forecast, std::int64_t now) {
  auto const at = text_of(forecast, "estimated_finish_at");
  return at.empty() ? "unknown, as no slave is rendering" : clock_time(at, now);
}

}  // namespace

std::string decimal_of(Json const& object, char const* key) {
  return has_number(object, key) ? points_text(thousandths_of(object, key)) : std::string();
}

std::string points_of(Json const& object, char const* key) {
  return has_number(object, key) ? points_text(number_of(object, key)) : std::string();
}

std::string change_of(Json const& object, char const* key) {
  auto const change = number_of(object, key);
  if (change == 0) return {};
  return (change > 0 ? "+" : "") + points_text(change);
}

std::string purpose_of(Json const& line) {
  auto const kind = text_of(line, "kind");
  auto const job = name_and_id_of(line, "job");
  auto const other = text_of(line, "counterparty_name");
  auto const reason = text_of(line, "reason");
  auto const why = reason.empty() ? std::string() : ": " + reason;
  if (kind == "boost") return "for the boost of " + job;
  if (kind == "refund") return "refund of the boost of " + job;
  if (kind == "adjust") return fmt::format("adjusted by {}{}", other, why);
  if (kind == "give")
    return fmt::format("{} {}{}", number_of(line, "available_change_millipoints") < 0 ? "to" : "from", other, why);
  auto const frame =
      fmt::format("{}{} on {}", has_number(line, "frame") ? "frame " + id_of(line, "frame") + " of " : "", job,
                  name_and_id_of(line, "slave"));
  if (kind == "payout") return frame + ", from its boost";
  return frame;
}

std::string quote_text(Json const& quote, std::int64_t now) {
  auto const& before = object_of(quote, "current");
  auto const& after = object_of(quote, "boosted");
  auto text = fmt::format("This boost costs {} points; you have {}.\n", points_of(quote, "millipoints"),
                          points_of(quote, "available_millipoints"));
  if (before.empty() || after.empty())
    return text + fmt::format("Job {} is not in the queue, so the effect is unknown.\n", id_of(quote, "job_id"));
  text += fmt::format("Job {} moves from position {} to {}, its boost from {} to {}.\n", id_of(quote, "job_id"),
                      number_of(before, "queue_position"), number_of(after, "queue_position"),
                      decimal_of(before, "boost_factor"), decimal_of(after, "boost_factor"));
  auto const was = finish_of(before, now);
  auto const is = finish_of(after, now);
  text += was == is ? fmt::format("Its estimated finish stays: {}.\n", is)
                    : fmt::format("Its estimated finish: {} instead of {}.\n", is, was);
  return text;
}

}  // namespace distren::client
