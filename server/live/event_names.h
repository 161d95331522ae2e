// The events of a grid by their names: one list for streams, webhooks and doc/openapi.yaml. Pure, any thread. Errors:
// invalid, naming what is no event.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace distren {

enum class EventKind : std::uint8_t {
  job_created,
  job_updated,
  job_deleted,
  job_finished,
  job_paused,
  job_failed,
  tasks_updated,
  submission_updated,
  slave_updated,
  slave_offline,
  project_updated,
  grid_updated,
  points_changed,
  notification_created,
};

std::string_view event_name(EventKind kind);  // "job.created"

// A set of kinds of events.
class Topics {
public:
  static Topics all();
  // Each is the name of an event, or what stands before its dot and names all of these: "job" is every job.*.
  static Result<Topics> parse(std::vector<std::string> const& names);
  // Of those that webhooks get: what happens once and is written down. What follows a thing as it changes, many times
  // a minute, is for streams alone.
  static Result<Topics> parse_for_webhook(std::vector<std::string> const& names);

  void remove(EventKind kind) { bits_ &= ~(1U << static_cast<unsigned>(kind)); }
  [[nodiscard]] bool contains(EventKind kind) const { return (bits_ >> static_cast<unsigned>(kind) & 1U) != 0; }
  [[nodiscard]] std::vector<std::string_view> names() const;

private:
  static Result<Topics> parse_among(std::vector<std::string> const& names, std::uint32_t known);
  std::uint32_t bits_ = 0;  // 1 << kind
};

}  // namespace distren
