#include "server/live/event_names.h"

#include <fmt/format.h>

#include <array>

#include "common/base/text.h"

namespace distren {

namespace {

struct EventEntry {
  std::string_view name;
  bool for_webhooks;
};

// In the order of EventKind.
constexpr std::array event_entries{
    EventEntry{"job.created", true},    EventEntry{"job.updated", false},         EventEntry{"job.deleted", true},
    EventEntry{"job.finished", true},   EventEntry{"job.paused", true},           EventEntry{"job.failed", true},
    EventEntry{"tasks.updated", false}, EventEntry{"submission.updated", false},  EventEntry{"slave.updated", false},
    EventEntry{"slave.offline", true},  EventEntry{"project.updated", false},     EventEntry{"grid.updated", false},
    EventEntry{"points.changed", true}, EventEntry{"notification.created", true},
};
static_assert(event_entries.size() == static_cast<std::size_t>(EventKind::notification_created) + 1);

constexpr std::uint32_t all_kinds = (1U << event_entries.size()) - 1;

constexpr std::uint32_t webhook_kinds = [] {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < event_entries.size(); ++i) bits |= event_entries[i].for_webhooks ? 1U << i : 0U;
  return bits;
}();

std::vector<std::string_view> names_of(std::uint32_t bits) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < event_entries.size(); ++i) {
    if ((bits >> i & 1U) != 0) names.push_back(event_entries[i].name);
  }
  return names;
}

// The bits of an event, or of all that begin with this word.
std::uint32_t bits_named(std::string_view name) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < event_entries.size(); ++i) {
    auto const each = event_entries[i].name;
    if (each == name || each.substr(0, each.find('.')) == name) bits |= 1U << i;
  }
  return bits;
}

}  // namespace

std::string_view event_name(EventKind kind) {
  return event_entries.at(static_cast<std::size_t>(kind)).name;
}

Topics Topics::all() {
  Topics topics;
  topics.bits_ = all_kinds;
  return topics;
}

Result<Topics> Topics::parse_among(std::vector<std::string> const& names, std::uint32_t known) {
  Topics topics;
  for (auto const& name : names) {
    auto const bits = bits_named(name) & known;
    if (bits == 0) {
      return fail(Errc::invalid,
                  fmt::format("'{}' is not one of {}", printable(name, 40), fmt::join(names_of(known), ", ")));
    }
    topics.bits_ |= bits;
  }
  return topics;
}

Result<Topics> Topics::parse(std::vector<std::string> const& names) {
  return parse_among(names, all_kinds);
}

Result<Topics> Topics::parse_for_webhook(std::vector<std::string> const& names) {
  return parse_among(names, webhook_kinds);
}

std::vector<std::string_view> Topics::names() const {
  return names_of(bits_);
}

}  // namespace distren
