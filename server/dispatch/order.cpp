#include "server/dispatch/order.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/protocol/order.h"

namespace distren {

using nlohmann::json;

namespace {

constexpr std::size_t files_in_order = 64;  // about 20 KiB of a line that may have 64; beyond, the slave fetches a list

}  // namespace

Result<OutputSpec> parse_output_spec(std::string_view text) {
  auto const parsed = json::parse(text, nullptr, false);
  if (!parsed.is_object()) return fail(Errc::invalid, fmt::format("the job's output is not a JSON object: {}", text));
  OutputSpec spec;
  auto const string_of = [&parsed](char const* key) {
    auto const found = parsed.find(key);
    return found != parsed.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  auto const number_of = [](json const& object, char const* key) {
    auto const found = object.find(key);
    return found != object.end() && found->is_number_integer() ? found->get<int>() : 0;
  };
  spec.format = string_of("format");
  spec.pattern = string_of("pattern");
  spec.width = number_of(parsed, "width");
  spec.height = number_of(parsed, "height");
  if (auto const tiles = parsed.find("tiles"); tiles != parsed.end() && tiles->is_object()) {
    spec.tiles = TileGrid{.width = spec.width,
                          .height = spec.height,
                          .columns = number_of(*tiles, "columns"),
                          .rows = number_of(*tiles, "rows"),
                          .overscan = number_of(*tiles, "overscan"),
                          .whole = tiles->value("whole", false)};
    if (auto const good = check_tiles(*spec.tiles); !good) return good.error();
  }
  return spec;
}

std::string output_name(OutputSpec const& spec, TaskPlace place) {
  return image_name(spec.pattern, place.frame, place.tile);
}

OutputSpec output_of(OutputSpec const& spec, TaskPlace place) {
  OutputSpec out = spec;
  if (place.tile == 0 || !spec.tiles || spec.tiles->whole) return out;
  PixelBox const box = rendered_box(*spec.tiles, place.tile);
  out.width = box.width();
  out.height = box.height();
  return out;
}

OrderTemplate make_order_template(store::RunnableJob const& job, OutputSpec const& output, OrderLinks const& links) {
  protocol::Order order;
  order.parameters = json::parse(job.parameters, nullptr, false);
  if (!order.parameters.is_object()) order.parameters = json::object();
  order.parameters["file"] = job.source;  // of a job made of another's output, the pattern of its pictures
  if (job.user > 0) order.owner = {job.user, job.user_name};
  order.method = job.method;
  order.version = job.version;
  if (job.after != 0 || job.files.size() > files_in_order) {
    order.file_list_url = links.file_list(job.id);
  } else {
    for (auto const& file : job.files)
      order.files.push_back({file.path, file.sha256, static_cast<std::int64_t>(file.size), links.blob(file.sha256)});
  }
  return {protocol::order_template(order), output};
}

std::string order_text(OrderTemplate const& order, Lease const& lease, std::string_view lease_text, std::int64_t job,
                       TaskPlace place, OrderLinks const& links, OrderTimes const& times) {
  protocol::FrameParameters parameters{.frame = place.frame};
  if (place.tile > 0 && order.output.tiles) {
    PixelBox const box = rendered_box(*order.output.tiles, place.tile);
    parameters.first_column = box.left + 1;
    parameters.last_column = box.right;
    parameters.first_row = box.top + 1;
    parameters.last_row = box.bottom;
  }
  protocol::Order frame;
  frame.attempt = lease.attempt;
  frame.task = lease.task;
  frame.job = job;
  frame.lease = lease_text;
  frame.lease_ms = times.renew_ms;
  frame.time_limit_ms = times.deadline_ms;
  if (!order.output.format.empty()) {
    OutputSpec const expected = output_of(order.output, place);
    bool const known = expected.width > 0 && expected.height > 0;
    frame.output = {.name = output_name(expected, place),
                    .format = expected.format,
                    .width = known ? expected.width : 0,
                    .height = known ? expected.height : 0,
                    .max_bytes = times.result_limit};
    frame.upload_url = links.upload(lease, frame.output->name);
  }
  return protocol::write_order(order.text, frame, parameters);
}

}  // namespace distren
