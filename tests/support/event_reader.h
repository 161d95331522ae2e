// A broker of live events with a clock of the test, and readers of its streams that keep what they were sent.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/live/event_broker.h"
#include "tests/support/check_main.h"

namespace distren {

struct RecordingWriter : StreamWriter {
  std::string text;
  bool ended = false;
  void send(std::shared_ptr<std::string const> more) override { text += *more; }
  void end() override { ended = true; }
  [[nodiscard]] bool says(std::string_view words) const { return text.find(words) != std::string::npos; }
  // The data of all events of a name.
  [[nodiscard]] std::vector<nlohmann::json> of(std::string const& name) const {
    std::vector<nlohmann::json> found;
    auto const mark = "event: " + name + "\ndata: ";
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
      auto const begin = at + mark.size();
      found.push_back(nlohmann::json::parse(text.substr(begin, text.find('\n', begin) - begin)));
    }
    return found;
  }
};

struct EventReader {
  std::shared_ptr<RecordingWriter> writer = std::make_shared<RecordingWriter>();
  std::optional<StreamingReply> stream;
  EventReader(EventBroker& broker, Subscriber who, std::string since = {}) {
    auto opened = broker.open(std::move(who), std::move(since));
    ck_assert(opened.has_value());
    stream = std::move(*opened);
    stream->opened(writer);
  }
};

struct EventFixture {
  std::int64_t now = 1'000'000'000;
  EventBroker broker;
  explicit EventFixture(StreamLimits limits = {}) : broker(limits, "life", [this] { return now; }) {}
  void job(std::int64_t user, std::string data, std::int64_t job = 1) {
    broker.publish({{.kind = Event::Kind::job_updated, .user = user, .job = job, .data = std::move(data)}});
  }
};

}  // namespace distren
