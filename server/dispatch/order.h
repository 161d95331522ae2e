// Values that pass between the doors and the dispatcher, and the text of an order. invalid: no output spec. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/protocol/order_template.h"
#include "common/protocol/renderers.h"
#include "common/protocol/result.h"
#include "common/render/tiles.h"
#include "server/dispatch/lease.h"
#include "server/store/journal.h"

namespace distren {

// A result as it reaches the dispatcher: parsed, the lease's signature verified, and for `done` with an output the
// upload checked and moved to its place.
struct AttemptReport {
  std::int64_t attempt = 0;
  std::int64_t task = 0;
  std::int64_t slave = 0;
  std::int64_t given_ms = 0;  // when the order was signed, UNIX time; 0: not known
  AttemptTerms terms{};       // of its lease
  store::Outcome outcome = store::Outcome::accepted;
  std::int64_t cpu_ms = 0;
  std::int64_t wall_ms = 0;
  int memory_mib = 0;
  std::string output{};  // file name below output/
  std::int64_t output_size = 0;
  std::string output_sha256{};
  std::vector<store::FurtherOutput> more_outputs{};  // after that one
  std::string reason{};
  protocol::ResultCode result_code = protocol::ResultCode::other;  // as its slave says, of failed and returned
  protocol::VerdictCode code = protocol::VerdictCode::none;        // why it is rejected
  std::vector<protocol::RenderWarning> warnings{};                 // each kind once
};

// How a job's results are named and shaped: the job's `output` column, parsed.
struct OutputSpec {
  std::string format;   // empty: the method hands nothing in
  std::string pattern;  // "%04d.png"
  int width = 0;        // of a whole frame; 0: not known beforehand
  int height = 0;
  std::optional<TileGrid> tiles{};  // rendered in parts
};
Result<OutputSpec> parse_output_spec(std::string_view json);

struct TaskPlace {  // what a task is of its job
  int frame = 0;
  int tile = 0;  // 0: the whole frame
};
std::string output_name(OutputSpec const& spec, TaskPlace place);
// The picture of one task: the size of a tile's is the tile's own.
OutputSpec output_of(OutputSpec const& spec, TaskPlace place);

// Signed URLs, made by the storage's signer.
struct OrderLinks {
  std::function<std::string(std::string_view sha256)> blob;
  std::function<std::string(std::int64_t job)> inputs;  // for a job of many files, or made of another's output
  std::function<std::string(Lease const& lease, std::string_view name)> upload;
};

struct OrderTimes {
  std::int64_t lease_ms = 600000;
  std::int64_t deadline_ms = 900000;
  std::int64_t result_limit = std::int64_t{256} << 20;  // bytes
};

// The parts of a job's orders that do not change from frame to frame, as text ready to be sent. Its signed URLs age:
// make it again when it is older than half their life.
struct OrderTemplate {
  protocol::OrderTemplate text;
  OutputSpec output;
};
// expire_ms: when the links that are made now expire, UNIX time.
// archive: that its build is delivered as; nullptr: none is.
OrderTemplate make_order_template(store::RunnableJob const& job, OutputSpec const& output, OrderLinks const& links,
                                  std::int64_t expire_ms, protocol::RendererBuild const* archive = nullptr);
enum class OrderUse { first, update };  // update: the same order with new addresses
std::string order_text(OrderTemplate const& order, Lease const& lease, std::string_view lease_text, TaskPlace place,
                       OrderLinks const& links, OrderTimes const& times, OrderUse use = OrderUse::first);

}  // namespace distren
