// What the server wants rendered: the message `order`, and the list of files that it may name. Pure, any thread.
// Their members are in groups, because a server writes those of a job once for all of its frames.
#pragma once

#include <nlohmann/json.hpp>

#include "common/protocol/messages.h"
#include "common/protocol/order_template.h"

namespace distren::protocol {

struct OrderOwner {  // who made the job
  std::int64_t id = 0;
  std::string name{};
  bool operator==(OrderOwner const&) const = default;
};
void members(auto& visit, Is<OrderOwner> auto& owner) {
  visit.integer("id", owner.id, limits::optional_ids);
  visit.text("name", owner.name, limits::user_names);
}

struct OrderFile {
  std::string path{};  // relative to the folder of the job
  std::string sha256{};
  std::int64_t size = -1;  // bytes; -1: absent
  std::string url{};       // absolute, or to be resolved against the server's
};
void members(auto& visit, Is<OrderFile> auto& file) {
  visit.text("path", file.path, limits::paths);
  visit.integer("size", file.size, limits::file_sizes);
  visit.text("sha256", file.sha256, limits::digests);
  visit.text("url", file.url, limits::urls);
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
  visit.integer("limit", output.max_bytes, limits::file_sizes);
}

// Those parameters of a method that the server sets for each frame; columns and rows only of a tile. Pixels from 1.
struct FrameParameters {
  int frame = 0;
  std::optional<int> first_column{};
  std::optional<int> last_column{};
  std::optional<int> first_row{};
  std::optional<int> last_row{};
};
void members(auto& visit, Is<FrameParameters> auto& parameters) {
  visit.integer("frame", parameters.frame, limits::frames);
  visit.integer("first-column", parameters.first_column, limits::image_sides);
  visit.integer("last-column", parameters.last_column, limits::image_sides);
  visit.integer("first-row", parameters.first_row, limits::image_sides);
  visit.integer("last-row", parameters.last_row, limits::image_sides);
}

struct Order {
  static constexpr std::string_view type = "order";
  std::int64_t attempt = 0;
  std::int64_t task = 0;
  std::int64_t job = 0;  // 0: a benchmark
  OrderOwner owner{};    // of the job; id 0: none
  std::string method{};
  std::string version{};                                 // the oldest renderer that can open the file; empty: any
  nlohmann::json parameters = nlohmann::json::object();  // of the method
  std::vector<OrderFile> files{};
  std::string file_list_url{};          // of a FileList, for a job of many files; files is empty then
  std::optional<OrderOutput> output{};  // nothing: nothing is uploaded
  std::string upload_url{};
  std::string lease{};
  std::int64_t lease_ms = 600'000;       // how long the lease lives without progress
  std::int64_t time_limit_ms = 900'000;  // how long the render may take
};
void attempt_members(auto& visit, Is<Order> auto& order) {
  visit.integer("attempt", order.attempt, limits::ids);
  visit.integer("task", order.task, limits::optional_ids);
  visit.integer("job", order.job, limits::optional_ids);
}
void job_members(auto& visit, Is<Order> auto& order) {
  visit.object("owner", order.owner, Written::unless_empty);
  visit.text("method", order.method, limits::method_names);
  visit.text("version", order.version, limits::method_names);
  visit.open_object("parameters", order.parameters);
}
void file_members(auto& visit, Is<Order> auto& order) {
  visit.objects("files", order.files, limits::max_files, Written::unless_empty);
  visit.text("file_list", order.file_list_url, limits::urls, Written::unless_empty);
}
void frame_members(auto& visit, Is<Order> auto& order) {
  visit.object("output", order.output);
  visit.text("upload", order.upload_url, limits::urls, Written::unless_empty);
  visit.text("lease", order.lease, limits::leases);
  visit.integer("renew", order.lease_ms, limits::lease_times_ms);
  visit.integer("deadline", order.time_limit_ms, limits::time_limits_ms);
}
void members(auto& visit, Is<Order> auto& order) {
  attempt_members(visit, order);
  job_members(visit, order);
  file_members(visit, order);
  frame_members(visit, order);
}

// What an order's file_list answers; no message of the line, it has no type.
struct FileList {
  std::vector<OrderFile> files{};
};
void members(auto& visit, Is<FileList> auto& list) {
  visit.objects("files", list.files, limits::max_files);
}

OrderTemplate order_template(Order const& job);  // of owner, method, version, parameters (not empty), files
// frame: attempt, task, job, output, upload, lease and times.
std::string write_order(OrderTemplate const& job, Order const& frame, FrameParameters const& parameters);

// Whether it can be used: the server is trusted with what to render, not with paths, sizes or programs. invalid, naming
// the member that is wrong.
Result<void> check(Order const& order);
Result<void> check(FileList const& list);

}  // namespace distren::protocol
