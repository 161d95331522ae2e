#include "server/dispatch/order.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "common/protocol/order.h"

namespace distren {

using nlohmann::json;

namespace {

// Of what is the same for all frames of a job; beyond, the slave fetches the list of inputs. The rest of the line is
// for lease, upload and output of one frame.
constexpr std::size_t max_template_bytes = 40U << 10;

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

OrderTemplate make_order_template(store::RunnableJob const& job, OutputSpec const& output, OrderLinks const& links,
                                  std::int64_t expire_ms, protocol::RendererBuild const* archive) {
  protocol::Order order;
  order.kind = job.id == 0 ? protocol::OrderKind::benchmark : protocol::OrderKind::render;
  order.job = job.id;
  order.parameters = json::parse(job.parameters, nullptr, false);
  if (!order.parameters.is_object()) order.parameters = json::object();
  order.parameters["file"] = job.source;  // of a job made of another's output, the pattern of its pictures
  if (job.user > 0) order.owner = {job.user, job.user_name};
  order.renderer = {.method = job.method, .version = job.renderer.version, .build = job.renderer.build};
  if (archive != nullptr)
    order.renderer.archive = {.url = links.blob(archive->build),
                              .size_bytes = archive->size_bytes,
                              .unpacked_bytes = archive->unpacked_bytes,
                              .platform = archive->platform,
                              .signature = archive->signature};
  if (job.after == 0)
    for (auto const& file : job.files)
      order.inputs.push_back({file.path, file.sha256, static_cast<std::int64_t>(file.size), links.blob(file.sha256)});
  order.urls_expire_at = iso_time(expire_ms);
  auto text = protocol::order_template(order);
  if (job.after != 0 || text.text.size() > max_template_bytes) {
    order.inputs.clear();
    order.inputs_url = links.inputs(job.id);
    text = protocol::order_template(order);
  }
  return {std::move(text), output};
}

std::string order_text(OrderTemplate const& order, Lease const& lease, std::string_view lease_text, TaskPlace place,
                       OrderLinks const& links, OrderTimes const& times, OrderUse use) {
  protocol::OrderAttempt attempt{
      .attempt = lease.attempt, .task = lease.task, .frame = place.frame, .lease = std::string(lease_text)};
  if (place.tile > 0 && order.output.tiles) {
    PixelBox const box = rendered_box(*order.output.tiles, place.tile);
    attempt.tile = {
        .first_column = box.left + 1, .last_column = box.right, .first_row = box.top + 1, .last_row = box.bottom};
  }
  if (!order.output.format.empty()) {
    OutputSpec const expected = output_of(order.output, place);
    bool const known = expected.width > 0 && expected.height > 0;
    attempt.outputs.push_back({.name = output_name(expected, place),
                               .format = expected.format,
                               .width = known ? expected.width : 0,
                               .height = known ? expected.height : 0,
                               .max_bytes = times.result_limit});
    attempt.upload = {std::string(protocol::tus_protocol), links.upload(lease, attempt.outputs.front().name)};
  }
  protocol::Order frame;
  frame.lease_ms = times.lease_ms;
  frame.deadline_ms = times.deadline_ms;
  frame.attempts.push_back(std::move(attempt));
  return use == OrderUse::update ? protocol::write_order_update(order.text, frame)
                                 : protocol::write_order(order.text, frame);
}

}  // namespace distren
