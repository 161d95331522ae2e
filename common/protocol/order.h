// What the server wants rendered: the message `order`, and the list of inputs that it may name. Pure, any thread.
// Its members are in two groups, because a server writes those of a job once for all of its frames.
#pragma once

#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "common/protocol/messages.h"
#include "common/protocol/order_template.h"
#include "common/protocol/renderers.h"

namespace distren::protocol {

enum class OrderKind { render, benchmark };
inline constexpr ChoiceName<OrderKind> order_kinds[] = {{OrderKind::render, "render"},
                                                        {OrderKind::benchmark, "benchmark"}};

struct OrderOwner {  // who made the job
  std::int64_t id = 0;
  std::string name{};
  bool operator==(OrderOwner const&) const = default;
};
void members(auto& visit, Is<OrderOwner> auto& owner) {
  visit.integer("id", owner.id, limits::ids);
  visit.text("name", owner.name, limits::user_names);
}

struct OrderRenderer {
  std::string method{};
  std::string version{};                     // exactly this, as the slave announced it; empty: any
  std::string build{};                       // exactly this; empty: a program that the volunteer installed
  std::optional<RendererArchive> archive{};  // where the build comes from
  bool operator==(OrderRenderer const&) const = default;
};
void members(auto& visit, Is<OrderRenderer> auto& renderer) {
  visit.text("method", renderer.method, limits::method_names);
  visit.text("version", renderer.version, limits::method_names);
  visit.text("build", renderer.build, limits::builds, Written::unless_empty);
  visit.object("archive", renderer.archive);
}

struct Input {
  std::string path{};  // relative to the folder of the job
  std::string sha256{};
  std::int64_t size_bytes = -1;  // -1: absent
  std::string url{};             // absolute, or to be resolved against the server's
};
void members(auto& visit, Is<Input> auto& input) {
  visit.text("path", input.path, limits::paths);
  visit.integer("size_bytes", input.size_bytes, limits::file_sizes);
  visit.text("sha256", input.sha256, limits::digests);
  visit.text("url", input.url, limits::urls);
}

struct OrderOutput {
  std::string name{};    // one part of a path
  std::string format{};  // empty: the scene's own
  int width = 0;         // pixels; 0: not known to the server
  int height = 0;        // pixels
  std::int64_t max_bytes = std::int64_t{256} << 20;
};
void members(auto& visit, Is<OrderOutput> auto& output) {
  visit.text("name", output.name, limits::paths);
  visit.text("format", output.format, limits::method_names);
  visit.integer("width", output.width, limits::image_sides, Written::unless_empty);
  visit.integer("height", output.height, limits::image_sides, Written::unless_empty);
  visit.integer("max_bytes", output.max_bytes, limits::file_sizes);
}

struct UploadPlace {
  std::string protocol{};  // "tus-1.0"
  std::string url{};
};
inline constexpr std::string_view tus_protocol = "tus-1.0";
void members(auto& visit, Is<UploadPlace> auto& place) {
  visit.text("protocol", place.protocol, limits::codes);
  visit.text("url", place.url, limits::urls);
}

// The part of a frame to render: pixels of the whole, from 1 and from the top left corner.
struct OrderTile {
  int first_column = 0;
  int last_column = 0;
  int first_row = 0;
  int last_row = 0;
};
void members(auto& visit, Is<OrderTile> auto& tile) {
  visit.integer("first_column", tile.first_column, limits::image_sides);
  visit.integer("last_column", tile.last_column, limits::image_sides);
  visit.integer("first_row", tile.first_row, limits::image_sides);
  visit.integer("last_row", tile.last_row, limits::image_sides);
}

// One frame of an order. Each has its own lease and its own result.
struct OrderAttempt {
  std::int64_t attempt = 0;
  std::int64_t task = 0;  // 0: absent, of a benchmark
  int frame = 0;
  std::optional<OrderTile> tile{};
  std::string lease{};
  std::vector<OrderOutput> outputs{};  // empty: nothing is uploaded
  std::optional<UploadPlace> upload{};
};
void members(auto& visit, Is<OrderAttempt> auto& attempt) {
  visit.integer("attempt", attempt.attempt, limits::ids);
  visit.integer("task", attempt.task, limits::ids, Written::unless_empty);
  visit.integer("frame", attempt.frame, limits::frames);
  visit.object("tile", attempt.tile);
  visit.text("lease", attempt.lease, limits::leases);
  visit.objects("outputs", attempt.outputs, limits::max_outputs);
  visit.object("upload", attempt.upload);
}

struct Order {
  static constexpr std::string_view type = "order";
  OrderKind kind = OrderKind::render;
  std::int64_t job = 0;  // 0: absent, of a benchmark
  std::optional<OrderOwner> owner{};
  OrderRenderer renderer{};
  nlohmann::json parameters = nlohmann::json::object();  // of the method, without those of a frame
  std::vector<Input> inputs{};
  std::string inputs_url{};      // of an InputList, where the order would be too long for a line; inputs is empty then
  std::string urls_expire_at{};  // RFC 3339; empty: not said
  std::int64_t lease_ms = 600'000;     // how long a lease lives without progress
  std::int64_t deadline_ms = 900'000;  // how long the render of a frame may take
  std::vector<OrderAttempt> attempts{};
};
void job_members(auto& visit, Is<Order> auto& order) {
  visit.choice("kind", order.kind, order_kinds);
  visit.integer("job", order.job, limits::ids, Written::unless_empty);
  visit.object("owner", order.owner);
  visit.object("renderer", order.renderer);
  visit.open_object("parameters", order.parameters);
  visit.objects("inputs", order.inputs, limits::max_inputs, Written::unless_empty);
  visit.text("inputs_url", order.inputs_url, limits::urls, Written::unless_empty);
  visit.text("urls_expire_at", order.urls_expire_at, limits::times, Written::unless_empty);
}
void frame_members(auto& visit, Is<Order> auto& order) {
  visit.integer("lease_ms", order.lease_ms, limits::lease_times_ms);
  visit.integer("deadline_ms", order.deadline_ms, limits::time_limits_ms);
  visit.objects("attempts", order.attempts, limits::max_attempts);
}
void members(auto& visit, Is<Order> auto& order) {
  job_members(visit, order);
  frame_members(visit, order);
}

// Asks for the order of an attempt with new addresses, because the old ones have expired.
struct Refresh {
  static constexpr std::string_view type = "refresh";
  std::int64_t attempt = 0;
  std::string lease{};  // as in the order: a server that was restarted believes it
};
void members(auto& visit, Is<Refresh> auto& refresh) {
  visit.integer("attempt", refresh.attempt, limits::ids);
  visit.text("lease", refresh.lease, limits::leases);
}

// The answer: the order once more, of this attempt alone. Nothing but its addresses differs.
struct OrderUpdate {
  static constexpr std::string_view type = "order_update";
  Order order{};
};
void members(auto& visit, Is<OrderUpdate> auto& update) {
  members(visit, update.order);
}

// What an order's inputs_url answers; no message of the line, it has no type.
struct InputList {
  std::vector<Input> inputs{};
};
void members(auto& visit, Is<InputList> auto& list) {
  visit.objects("inputs", list.inputs, limits::max_inputs);
}

OrderTemplate order_template(Order const& job);  // of its job_members()
// frame: lease_ms, deadline_ms, attempts.
std::string write_order(OrderTemplate const& job, Order const& frame);
std::string write_order_update(OrderTemplate const& job, Order const& frame);

// Whether it can be used: the server is trusted with what to render, not with paths, sizes or programs. invalid, naming
// the member that is wrong.
Result<void> check(Order const& order);
Result<void> check(OrderUpdate const& update);
Result<void> check(InputList const& list);
Result<void> check(Refresh const& refresh);

// One frame of an order with all that it shares with the others: what a slave works on.
struct FrameOrder {
  std::int64_t attempt = 0;
  std::int64_t task = 0;  // 0: a benchmark
  std::int64_t job = 0;   // 0: a benchmark
  int frame = 0;
  OrderOwner owner{};  // of the job; id 0: none
  OrderRenderer renderer{};
  nlohmann::json parameters = nlohmann::json::object();  // of the method, with `frame` and the four sides of a tile
  std::vector<Input> inputs{};
  std::string inputs_url{};
  std::optional<OrderOutput> output{};  // nothing: nothing is uploaded
  std::string upload_url{};
  std::int64_t urls_expire_ms = 0;  // UNIX time of the server; 0: not said
  std::string lease{};
  std::int64_t lease_ms = 0;
  std::int64_t deadline_ms = 0;
};
std::vector<FrameOrder> frames_of(Order const& order);

}  // namespace distren::protocol
