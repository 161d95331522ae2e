// Reads and writes messages, for all programs; members and limits are those of the message's own members(). Reading is
// tolerant: unknown members are ignored, and one of another type or out of its range counts as absent.
// What a message cannot do without its check() demands. Pure, any thread; reads no JSON that is nested too deep.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/protocol/limits.h"

namespace distren::protocol {

struct Incoming {
  std::string type{};
  nlohmann::json message{};
  std::string id{};  // that an answer repeats as reply_to; empty: none
};
// A line, or the body of a request; invalid: no JSON object with a type.
Result<Incoming> parse_line(std::string_view line);

template <typename Message>
struct Reading {
  Message message{};
  std::vector<std::string> problems{};  // a sentence each: "threads: 0 is not an integer from 1 to 1,024"
};
template <typename Message>
Reading<Message> read(nlohmann::json const& message);

// invalid: the result of check(), or for an Order, an OrderUpdate and an InputList the first problem.
template <typename Message>
Result<Message> parse(nlohmann::json const& message);

// One JSON object with its type, without newline. Texts and lists are cut by their limits, bytes that are no UTF-8
// replaced.
template <typename Message>
std::string write(Message const& message);
// A written message as the answer to the one with this id; empty: as it is.
std::string with_reply_to(std::string message, std::string_view id);
// The same without a type: what stands for itself in a database or an answer.
template <typename Message>
std::string write_members(Message const& message);

template <typename Message>
nlohmann::json to_json(Message const& message) {  // its members, for answers to people
  return nlohmann::json::parse(write_members(message));
}

// "true", "\"text\"", cut: how a problem shows a value.
std::string shown(nlohmann::json const& value);

}  // namespace distren::protocol
