// The dispatcher: one thread that owns runnable jobs, ready tasks, connected slaves and leases in memory (core.h) and
// carries out messages, each a function on that state. It asks the database for nothing per message; what must last
// goes to the journal (dispatch_journal.h). Owned by main; the event broker and what settle_images() is given must
// outlive stop(). ask() and tell(): any thread but the dispatcher's own; their functions must not block. What changes
// jobs is for server/jobs/ alone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "common/base/result.h"

namespace distren {

class Database;
class EventBroker;
class Policy;
struct DatabaseAddress;
struct DispatchCore;
struct DispatchSettings;
struct JournalStatus;
struct OrderLinks;

class Dispatcher final {
public:
  using Message = std::function<void(DispatchCore& core, std::int64_t now_ms)>;  // UNIX ms

  Dispatcher(DispatchSettings settings, OrderLinks links, std::unique_ptr<Policy> policy, DatabaseAddress address);
  ~Dispatcher();  // stops
  Dispatcher(Dispatcher const&) = delete;
  Dispatcher& operator=(Dispatcher const&) = delete;

  // All before start(). load() reads the unfinished work; publish_to() says who hears what becomes of frames and
  // slaves; settle_images() what becomes of a staged image after the commit, before anyone hears of it, on the
  // journal's thread.
  Result<void> load(Database& database);
  void publish_to(EventBroker& live);
  void settle_images(std::function<void(std::int64_t attempt, bool accepted)> settle);
  void start();
  void stop();  // no more orders; what was asked and told is carried out, the journal is written

  // Runs the function on the dispatcher's thread, after all that was told before, and returns its value. An empty value
  // when the dispatcher has stopped, Errc::unavailable for a Result.
  template <typename Function>
  std::invoke_result_t<Function const&, DispatchCore&, std::int64_t> ask(Function const& function) {
    using Value = std::invoke_result_t<Function const&, DispatchCore&, std::int64_t>;
    std::optional<Value> value;
    run_and_wait([&](DispatchCore& core, std::int64_t now_ms) { value.emplace(function(core, now_ms)); });
    if (value) return std::move(*value);
    if constexpr (std::is_constructible_v<Value, Error>)
      return stopped();
    else
      return Value{};
  }
  // The same without waiting for it. Nothing when the dispatcher has stopped.
  void tell(Message message);

  [[nodiscard]] JournalStatus journal_status() const;
  [[nodiscard]] std::uint64_t handled() const;  // messages since the start

private:
  struct Parts;
  void run_and_wait(Message message);
  static Error stopped();
  void run();

  std::unique_ptr<Parts> parts_;
};

}  // namespace distren
