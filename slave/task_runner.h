// From an order to a result in the outbox: fetch, stage, render, check the image, store it. Shared by distren-slave and
// distren-simpleslave. One lasting thread renders (required by Renderer), another may complete() rendered frames;
// cancel() and log() are for any thread.
// Every started frame ends as an entry of the outbox (done, failed or returned) unless it was cancelled.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/base/files.h"
#include "common/base/result.h"
#include "common/http/http_client.h"
#include "common/protocol/announce.h"
#include "common/protocol/order.h"
#include "slave/cache.h"
#include "slave/delivered_renderers.h"
#include "slave/image_check.h"
#include "slave/machine.h"
#include "slave/order_refresher.h"
#include "slave/outbox.h"
#include "slave/renderer.h"
#include "slave/renderer_stock.h"
#include "slave/server_address.h"
#include "slave/slave_config.h"
#include "slave/workspace.h"

namespace distren {

class TaskRunner {
public:
  struct TaskResult {
    std::optional<OutboxEntry> entry{};  // nothing: cancelled, or the disk failed; see `local_error`
    bool local_error = false;            // of this machine or the network: back off before the next order
    std::string text;                    // for the log
  };
  using OnProgress = std::function<void(RenderProgress const&)>;

  // unavailable: the sandbox is required and does not work, or no method or no distren-image was found.
  static Result<std::unique_ptr<TaskRunner>> open(SlaveConfig const& config);

  struct RenderedFrame {                 // by render()
    TaskResult outcome{};                // set unless there is an image to check
    std::optional<OutboxEntry> entry{};  // its image is out of the renderer's reach
    ExpectedImage expected{};
    std::string log{};
    std::vector<protocol::RenderWarning> warnings{};
  };
  RenderedFrame render(protocol::FrameOrder const& order, FileOrigins const& from, OnProgress const& progress);
  // One thread at a time, which need not be the renderer's.
  TaskResult complete(protocol::FrameOrder const& order, RenderedFrame rendered_frame);
  TaskResult run(protocol::FrameOrder const& order, FileOrigins const& from, OnProgress const& progress) {
    return complete(order, render(order, from, progress));
  }
  void close_decoder() { close_image_program(); }  // of the finishing thread, after idle time
  // The last lines that the renderer has printed for the current frame, without paths of the volunteer.
  [[nodiscard]] std::string log() const;
  // Fetches and stages the files of a queued order while another renders; run() retries what failed. On a thread of its
  // own.
  void prefetch(protocol::FrameOrder const& order, FileOrigins const& from);
  void allow_prefetch(bool allowed) { prefetch_cancelled_ = !allowed; }  // false also ends the current one
  // Whom to ask for new addresses of an order; nullptr: nobody. Before the first frame; it must outlive the last.
  void refresh_with(OrderRefresher* refresher) { refresher_ = refresher; }
  void cancel();  // the current frame, and later ones until allow()
  void allow();
  // From the next frame on; at once in announcement(). Any thread.
  void set_limits(int threads, int memory_mib);
  [[nodiscard]] int threads() const { return threads_; }
  [[nodiscard]] int memory_mib() const { return memory_mib_; }
  [[nodiscard]] bool rendering() const { return rendering_; }  // neither fetching nor checking the image
  void suspend(bool stopped) { renderer_->suspend(stopped); }  // any thread
  [[nodiscard]] std::filesystem::path const& state() const { return state_; }
  void close_renderer() { renderer_->close(); }
  // Tries the next renderer of which nothing is known yet (idle: or which failed earlier), on the renderer's thread;
  // what announcement() offers may change. False: there is none.
  bool try_next_renderer(bool idle);
  [[nodiscard]] bool has_untried(bool idle) const { return renderers_->untried(idle) != nullptr; }

  [[nodiscard]] protocol::Announce announcement(int slots) const;  // of the machine and its renderers
  [[nodiscard]] Outbox& outbox() { return *outbox_; }
  [[nodiscard]] RendererStock& renderers() { return *renderers_; }
  // Of those that the grid delivers; nullptr: none is taken here.
  [[nodiscard]] DeliveredRenderers const* delivered() const { return delivered_.get(); }
  void renderers_offered(protocol::RendererList const& list);  // any thread; changes what announcement() offers
  [[nodiscard]] std::vector<std::string> const& remarks() const { return remarks_; }  // found while opening
  [[nodiscard]] HttpClient::Options const& http_options() const { return http_; }

private:
  TaskRunner(Cache cache, Workspace workspace) : cache_(std::move(cache)), workspace_(std::move(workspace)) {}
  void add_renderer(InstalledMethod installed);
  void add_stored_renderers();
  [[nodiscard]] std::vector<protocol::Renderer> offered_renderers() const;
  Result<RendererStock::Installed> choose_renderer(protocol::FrameOrder& order, FileOrigins const& from,
                                                   OnProgress const& progress);
  Result<void> fetch_renderer(protocol::FrameOrder& order, FileOrigins const& from, OnProgress const& progress);
  Result<std::filesystem::path> stage(protocol::FrameOrder& order, FileOrigins const& from, HttpClient& client);
  Result<std::filesystem::path> fetch(protocol::FrameOrder order, FileOrigins const& from, HttpClient& client);
  Result<void> list_inputs(protocol::FrameOrder& order, FileOrigins const& from, HttpClient& client);
  Result<void> check_further(OutboxEntry& entry, std::string const& source);
  Result<void> collect(protocol::FrameOrder const& order, Rendered const& rendered, RenderedFrame& rendered_frame);
  [[nodiscard]] Error classify(Error error) const;
  // said: what the renderer left to say, where it was started.
  TaskResult give_up(protocol::FrameOrder const& order, Error const& error, RenderedFrame const& said);
  TaskResult give_up(protocol::FrameOrder const& order, Error const& error);

  std::function<bool(std::int64_t owner, std::string const& name)> may_run_scripts_;
  OrderRefresher* refresher_ = nullptr;
  FileDescriptor lock_;  // on the state folder: two processes would interfere
  Machine machine_;
  std::atomic<int> threads_ = 1;
  std::atomic<int> memory_mib_ = 0;
  std::atomic<bool> rendering_ = false;
  std::map<std::string, RenderMethod> methods_;  // all that are defined here
  std::unique_ptr<RendererStock> renderers_;
  std::unique_ptr<DeliveredRenderers> delivered_;
  bool sandboxed_ = true;
  std::vector<std::string> gpu_devices_;  // of the configuration
  std::string held_build_;                // of the renderer's thread: the delivered one that no slave may remove now
  FileDescriptor held_;
  std::vector<std::string> remarks_;
  HttpClient::Options http_;
  std::unique_ptr<HttpClient> client_;
  std::unique_ptr<HttpClient> prefetch_client_;
  std::mutex files_mutex_;  // cache, working copies and the list of files: of the staging thread
  std::filesystem::path state_;
  Cache cache_;
  Workspace workspace_;
  std::unique_ptr<Renderer> renderer_;
  std::unique_ptr<Outbox> outbox_;
  ImageDecoder checker_;
  std::int64_t listed_job_ = 0;  // of many files: its list need not come with every frame
  std::vector<protocol::Input> listed_inputs_;
  std::atomic<bool> cancelled_ = false;
  std::atomic<bool> prefetch_cancelled_ = false;
};

}  // namespace distren
