// A result message from a slave, over line or HTTPS: verify the lease, check the image, stage it, report to the
// dispatcher, answer after the commit, when the image lies in its place. Worker threads. See doc/protocol.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "server/database/workers.h"
#include "server/dispatch/dispatcher.h"
#include "server/dispatch/order.h"
#include "server/dispatch/statuses.h"
#include "server/media/image_check.h"
#include "server/storage/staged_results.h"
#include "server/storage/uploads.h"

namespace distren {

namespace protocol {
struct ResultReport;
}

class ResultReceiver {
public:
  struct Settings {
    std::string lease_key;
    std::int64_t lease_ms = 0;  // a lease expires so much after it was given
    std::filesystem::path stor;
    ImageChecker checker;
  };
  ResultReceiver(Settings settings, Dispatcher& dispatcher, Uploads& uploads, StagedResults& staged);

  // The answer (accepted, rejected or retry) comes exactly once, on any thread. Results without an image are handled at
  // once; those with one need a worker, and get `retry` when all are busy. denied: this slave has no such lease.
  Result<void> receive(std::int64_t slave, protocol::ResultReport result, WorkerPool& workers,
                       std::function<void(std::string answer)> answer);

  StagedResults& staged() { return staged_; }

private:
  struct Message {
    AttemptReport report;
    bool with_output = false;
    std::string log{};  // of a failure: the end of the render log
    std::string upload;
    std::vector<std::string> more_uploads{};  // one for each of report.more_outputs
  };

  [[nodiscard]] Result<Message> verify(std::int64_t slave, protocol::ResultReport result) const;
  void tell_report(AttemptReport report, std::function<void(std::string answer)> answer);
  std::optional<ExpectedResult> ask_expected(AttemptReport const& report);
  void keep_log(Message const& message);
  void store_image(Message message, Database& database, std::function<void(std::string answer)> answer);
  void look_and_store(Message message, Database& database, std::function<void(std::string answer)> answer);
  // One of a frame's files after its first; what the decoder found goes into it.
  Result<FinishedUpload> check_further(Message const& message, ExpectedResult const& expected,
                                       store::FurtherOutput& output, std::string const& upload);
  // not_found: an upload is missing; invalid: what is wrong, its problem the name of a VerdictCode; unavailable.
  Result<std::vector<std::filesystem::path>> check_all_further(Message& message, ExpectedResult const& expected);
  void forget_uploads(Message const& message);

  Settings settings_;
  Dispatcher& dispatcher_;
  Uploads& uploads_;
  StagedResults& staged_;
  std::mutex mutex_;
  std::set<std::int64_t> in_hand_;  // attempts whose image a worker is looking at; guarded by mutex_
};

}  // namespace distren
