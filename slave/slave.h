// A slave: signs on, receives orders, renders them, uploads results, until it is stopped.
// Its threads: *line* reads messages of the server and renews leases; *render* fetches and renders one order after the
// other and owns the renderer's program; *fetch* fetches the files of the next one, *finish* checks the images of
// earlier ones; *upload* uploads and reports; run()'s own waits for the end. They share what mutex_ guards, and never
// hold it while they wait for network, disk or renderer. The TaskRunner must outlive it. stop() is for any thread;
// results that are not accepted in time stay in the outbox.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/protocol/announce.h"
#include "common/protocol/codec.h"
#include "common/protocol/order.h"
#include "common/protocol/result.h"
#include "slave/backoff.h"
#include "slave/blocks.h"
#include "slave/line.h"
#include "slave/machine_monitor.h"
#include "slave/order_refresher.h"
#include "slave/resource_limits.h"
#include "slave/result_uploader.h"
#include "slave/server_address.h"
#include "slave/slave_config.h"
#include "slave/task_runner.h"

namespace distren {

class Slave final : private LineHandler {
public:
  Slave(SlaveConfig const& config, TaskRunner& runner, bool once);

  // Returns after stop(), with `once` after one frame; then an Error when the server rejected it or was unreachable.
  Result<void> run();
  void stop();
  void finish();  // ends after the orders already received
  // Whether the machine may work now; a rendering frame is suspended otherwise.
  void allow(bool may_work);
  void return_work(std::string const& reason);  // all that is not rendered yet
  // Four times a second: returns a frame that exceeds the volunteer's time limit.
  void check_time_limit();
  // "block user NAME", "unblock job 5", "blocks": returns the blocks; nothing: another command.
  std::optional<nlohmann::json> command(std::string const& command);
  // Called with the resource limits, at once and at every change; on the line's thread. Set before run().
  void on_limits_changed(std::function<void(ResourceLimits const&)> callback);
  [[nodiscard]] nlohmann::json status();

private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds progress_interval{1000};
  static constexpr std::size_t max_remote_settings_bytes = 8000;  // bytes of remote settings
  struct ActiveAttempt {                                          // an attempt of ours whose lease is to be kept alive
    std::string lease;
    std::chrono::milliseconds lease_life{600000};
    Clock::time_point sent_at{};
    bool news = false;  // since then
    double fraction = 0;
    std::optional<std::chrono::milliseconds> remaining{};
  };

  protocol::Announce signed_on(protocol::Reading<protocol::Welcome> const& welcome) override;
  void ready() override;
  void received(protocol::Incoming const& incoming) override;
  void lost(std::string const& reason) override;
  void tick() override;

  void take_order(nlohmann::json const& message);
  void take_frame(protocol::FrameOrder order);
  void cancel(std::int64_t attempt, std::string const& reason);
  void settled(protocol::Verdict const& verdict);
  void send_log(std::int64_t attempt, std::string const& id);
  void render_orders();
  void fetch_ahead();
  void render(protocol::FrameOrder const& order);
  void complete_rendered();
  void settle_rendered(protocol::FrameOrder const& order, TaskRunner::TaskResult const& outcome,
                       std::string const& return_reason, bool too_long);
  void progressed(std::int64_t attempt, RenderProgress const& progress);
  void return_attempt(std::int64_t attempt, std::string const& lease, protocol::Outcome outcome,
                      protocol::ResultCode code, std::string const& message);
  void back_off(bool local_error);
  [[nodiscard]] protocol::Announce announcement();
  [[nodiscard]] bool stopping();
  void send_telemetry();
  void return_blocked();
  void set_remote_settings(protocol::Reading<protocol::RemoteSettings> const& settings, bool keep);
  [[nodiscard]] protocol::SlaveActivity activity() const;  // with mutex_ held
  [[nodiscard]] protocol::AttemptProgress progress_of(std::int64_t attempt, ActiveAttempt const& attempt_state) const;

  SlaveConfig const& config_;
  TaskRunner& runner_;
  bool once_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool over_ = false;  // no order is accepted any more: after the one of `once`, or after finish()
  bool allowed_ = true;
  bool signed_on_ = false;
  BlockList blocks_;
  ResourceLimits configured_limits_;                   // of the configuration; constant
  ResourceLimits limits_;                              // in effect
  protocol::RemoteSettings remote_settings_;           // of the slave's owner
  std::vector<std::string> remote_settings_problems_;  // what of them could not be read
  std::function<void(ResourceLimits const&)> limits_changed_;
  Clock::time_point time_checked_{};
  std::int64_t timed_ = 0;      // the attempt whose rendering is timed
  Clock::duration rendered_{};  // without suspended time
  bool too_long_ = false;       // return_reason_ is that
  std::string return_reason_;   // why the volunteer cancelled the current order; empty: not cancelled
  std::int64_t working_job_ = 0;
  std::string working_owner_;
  std::int64_t working_frame_ = 0;
  FileOrigins file_origins_;
  std::deque<protocol::FrameOrder> waiting_;
  std::optional<std::int64_t> working_;
  std::int64_t fetched_ahead_ = 0;  // the attempt whose files were fetched beforehand last
  bool working_cancelled_ = false;  // about to end: its slot is free
  struct Finishing {
    protocol::FrameOrder order;
    TaskRunner::RenderedFrame frame;
    std::string return_reason;  // why it is returned, as reported; empty: it is not
    bool too_long = false;
  };
  std::deque<Finishing> finishing_;               // the first is in progress
  bool renders_ = true;                           // false: finishing_ gets no more
  std::optional<Clock::time_point> rendered_at_;  // of the render thread: when the last frame was over
  std::map<std::int64_t, ActiveAttempt> attempts_;
  std::optional<Clock::time_point> backing_off_until_;
  MachineMonitor monitor_;                                       // of the line's thread, as the two below
  std::optional<std::chrono::milliseconds> telemetry_interval_;  // as requested; nothing: not requested
  Clock::time_point telemetry_due_{};
  Backoff rest_{std::chrono::seconds(10), std::chrono::minutes(5)};

  Line line_;
  OrderRefresher refresher_;
  ResultUploader uploader_;  // last: its thread uses all above
};

}  // namespace distren
