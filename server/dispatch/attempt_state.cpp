#include "server/dispatch/attempt_state.h"

#include <array>

namespace distren {

namespace {

using enum AttemptState;
using Row = std::array<std::optional<AttemptState>, 5>;  // by event

constexpr std::nullopt_t no = std::nullopt;
constexpr std::array<Row, 5> table{{
    // lease    expire   begin_commit  abort_commit  end
    {{leased, no, committing, no, ended}},       // unknown
    {{leased, expired, committing, no, ended}},  // leased
    {{committing, no, no, leased, ended}},       // committing
    {{leased, no, committing, no, ended}},       // expired
    {{no, no, no, no, no}},                      // ended
}};

}  // namespace

std::optional<AttemptState> after(AttemptState state, AttemptEvent event) {
  return table[static_cast<std::size_t>(state)][static_cast<std::size_t>(event)];
}

}  // namespace distren
