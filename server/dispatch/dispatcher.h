// The dispatcher: one thread that owns runnable jobs, ready tasks, connected slaves and leases in memory. It asks the
// database for nothing per request; what must last goes to the journal. Every public function may be called from any
// thread and is a message to that thread; those that return a value wait for the answer (microseconds, never the disk).
// Replies to slaves leave through SlaveSink, called on the dispatcher's thread; it must not block.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "server/dispatch/blocks.h"
#include "server/dispatch/order.h"
#include "server/dispatch/policy.h"
#include "server/store/journal.h"
#include "server/store/slaves.h"
#include "server/store/statistics.h"

namespace distren {

namespace protocol {
struct Hello;
}

// Where a slave's messages go: a session of the line. Called on the dispatcher's thread.
class SlaveSink {
public:
  virtual ~SlaveSink() = default;
  virtual void send(std::string line) = 0;  // one JSON object without newline
  virtual void close(std::string_view reason) = 0;
};

struct SlaveCapabilities {  // what a hello said
  std::int64_t id = 0;
  std::int64_t user = 0;
  std::string name;
  int cores = 0;
  int memory_mib = 0;
  int slots = 1;   // frames that it renders at once; 0: it wants no work
  int orders = 0;  // that it likes to hold, those in its slots among them
  [[nodiscard]] int room() const { return slots == 0 ? 0 : std::max(slots, orders); }
  std::string cpu;                                                                       // as it calls itself
  [[nodiscard]] int threads() const { return std::max(1, cores / std::max(1, slots)); }  // of one task
  std::vector<store::Method> methods;
  std::vector<std::string> gpus;
  int minutes_per_frame = 0;  // the longest that it lends itself for; 0: any
  [[nodiscard]] std::int64_t limit_ms() const { return std::int64_t{60'000} * minutes_per_frame; }
  Blocks blocks{};         // said by the slave itself
  std::string settings{};  // JSON: what holds there now; empty: it takes no settings from afar
  std::vector<std::pair<std::int64_t, std::string>> holding;  // attempt, lease
};

SlaveCapabilities capabilities_of(protocol::Hello const& hello);  // without its sender

struct CurrentTask {
  std::int64_t job = 0;
  std::int64_t task = 0;
  std::int64_t attempt = 0;
  int frame = 0;
  double fraction = 0;
};

struct JobStatus {  // what only memory knows of a job
  int leased = 0;
  double running = 0;   // sum of the fractions of frames being rendered
  std::string waiting;  // why nothing of it is being rendered now; empty: something is
};

struct GridStatus {
  int slaves_online = 0;
  int jobs_active = 0;
  std::int64_t tasks_ready = 0;
  std::int64_t tasks_leased = 0;
  int slots = 0;           // frames that the slaves online render at once
  std::int64_t power = 0;  // of the slaves online that take work; thousandths of a reference core
  bool operator==(GridStatus const&) const = default;
};

using store::UserStatus;

struct JournalStatus {       // how far the database is behind
  bool away = false;         // the last write failed
  std::int64_t waiting = 0;  // results that are not written yet
  std::int64_t lag_ms = 0;   // how long the batch that is being written takes so far
};

struct TaskStatus {
  std::int64_t slave = 0;
  double fraction = 0;
};

struct Explanation {             // why a job waits or gets what it gets, why a slave idles or renders what it renders
  std::string rule = "unknown";  // for programs: see doc/points.md
  std::int64_t number = 0;       // the rule's number
  std::string sentence;          // for people; names both
};

// May the image of this attempt be put in place now?
enum class ResultClaim {
  busy,     // another attempt's image is being put in place: ask again in a second
  settled,  // the task needs no image any more; report() says what the journal makes of it
  go,       // yes; report() or release() must follow
};

struct ExpectedResult {  // what an attempt shall hand in
  std::int64_t job = 0;  // 0: a benchmark, whose picture is looked at and not kept
  std::string name;      // below output/
  OutputSpec output;
  std::optional<int> code{};  // the number that a benchmark's picture must show
};

class Dispatcher {
public:
  virtual ~Dispatcher() = default;

  // Jobs; for server/jobs/ alone. The caller has committed the change first and hands over what the row says since
  // then, with its revision: what is older than something that was told before changes nothing.
  virtual void add_job(store::RunnableJob job, std::vector<store::RunnableTask> tasks,
                       std::vector<store::FailedOn> failures) = 0;  // replaces older rows of the job
  virtual void change_job(store::JobControl control) = 0;           // paused, resumed, another priority, approved
  // Cancelled, or deleted (deleted_revision): its leases are cancelled.
  virtual void remove_job(std::int64_t job, std::int64_t revision, std::string reason) = 0;
  // One frame of a job once more. false: the job or the frame's end is not here yet, it must be added.
  virtual bool reopen(store::JobControl /*control*/, std::int64_t /*task*/) { return false; }
  // What a slave's owner blocks, all of it, in place of what was told before.
  virtual void change_blocks(std::int64_t slave, Blocks blocks) = 0;
  virtual void tell_slave(std::int64_t slave, std::string line) = 0;       // if it is on the line; else nothing
  virtual void disable_slave(std::int64_t slave, std::string reason) = 0;  // takes its work away and disconnects it

  // Questions.
  virtual JobStatus job_live(std::int64_t job) = 0;
  virtual std::vector<std::pair<std::int64_t, TaskStatus>> tasks_live(std::int64_t job) = 0;  // leased tasks only
  virtual GridStatus grid_live() = 0;
  virtual JournalStatus journal_live() = 0;
  virtual std::vector<std::int64_t> slaves_online() = 0;
  virtual std::vector<UserStatus> users_live() = 0;  // by user; who has nothing is left out
  virtual bool slave_online(std::int64_t slave) = 0;
  virtual std::vector<CurrentTask> slave_work(std::int64_t slave) = 0;
  virtual std::string slave_settings(std::int64_t slave) = 0;  // JSON, as its last hello said; empty: offline, or none
  virtual Explanation why_job(std::int64_t job) = 0;
  virtual Explanation why_slave(std::int64_t slave) = 0;
  // When the job will be done and how many jobs come before it, if more_escrow millipoints were added to its boost.
  virtual std::optional<Forecast> forecast(std::int64_t job, std::int64_t more_escrow) = 0;

  // Points, after the ledger has them.
  virtual void know_total(std::int64_t user, std::int64_t millipoints) = 0;  // ever vested: the user's rank
  virtual void know_escrow(std::int64_t job, std::int64_t millipoints) = 0;  // what is left of the job's boost

  // The last lines of the renderer that is at this task now; nothing: nobody is who could tell. answer comes once, from
  // any thread, within a few seconds.
  using LogAnswer = std::function<void(std::optional<std::string> text)>;
  virtual void want_log(std::int64_t /*task*/, LogAnswer answer) { answer(std::nullopt); }
  virtual void told_log(std::int64_t /*slave*/, std::int64_t /*attempt*/, std::string /*text*/) {}

  // Slaves on the line. admit: conflict when another instance is signed on; that one is asked whether it still lives.
  virtual Result<void> admit(std::int64_t slave, std::string instance, std::shared_ptr<SlaveSink> sink) = 0;
  virtual void hello(SlaveCapabilities slave) = 0;
  virtual void gone(std::int64_t slave, std::shared_ptr<SlaveSink> sink) = 0;
  virtual void progress(std::int64_t slave, std::int64_t attempt, double fraction) = 0;
  virtual void heard(std::int64_t slave) = 0;

  // Slaves over HTTPS: the same life without a connection. A slave that asked within three heartbeats counts as online.
  // http_hello returns the attempts among `holding` that are no longer wanted, with the reason; conflict: as admit().
  virtual Result<std::vector<std::pair<std::int64_t, std::string>>> http_hello(SlaveCapabilities slave) = 0;
  virtual std::optional<std::string> http_order(std::int64_t slave) = 0;  // an order as JSON, or nothing to do
  virtual std::optional<std::string> http_progress(std::int64_t slave, std::int64_t attempt,
                                                   double fraction) = 0;  // a cancel
  // A result whose image, if any, was claimed, checked and stored (results.h). The answer arrives after the commit.
  // expected_result: nothing when the task needs no result any more.
  virtual std::optional<ExpectedResult> expected_result(std::int64_t attempt, std::int64_t task) = 0;
  virtual ResultClaim claim(AttemptReport report) = 0;
  virtual void release(std::int64_t attempt) = 0;  // the image could not be put in place after all
  virtual void report(AttemptReport report, std::function<void(std::string answer)> done) = 0;
};

}  // namespace distren
