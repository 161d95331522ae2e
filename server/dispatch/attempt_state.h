// The life of an attempt as the dispatcher knows it, and the one table of what may follow what. The database has the
// last word: what it did not accept has not happened, whatever state stands here. Pure, any thread.
//
//   unknown     given before a restart, or so long ago that it was forgotten; the database knows
//   leased      its slave renders it, or is believed to
//   committing  its image is being stored and written down; until the verdict no other image of its task may be
//   expired     nothing was heard of it for too long; what it brings still counts if it is first
//   ended       returned, failed, lost, taken away or settled: it never speaks again
#pragma once

#include <cstdint>
#include <optional>

namespace distren {

enum class AttemptState : std::uint8_t { unknown, leased, committing, expired, ended };

enum class AttemptEvent : std::uint8_t {
  lease,         // given, or its slave shows that it still has it
  expire,        // its lease ran out
  begin_commit,  // it brings an image
  abort_commit,  // the image could not be stored
  end,           // in any way
};

// Nothing: this cannot happen to it, and changes nothing.
std::optional<AttemptState> after(AttemptState state, AttemptEvent event);

}  // namespace distren
