#include "server/dispatch/order.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

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
  return picture_name(spec.pattern, place.frame, place.tile);
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
  OrderTemplate order;
  order.output = output;
  auto parameters = json::parse(job.parameters, nullptr, false);
  if (!parameters.is_object()) parameters = json::object();
  parameters["file"] = job.source;  // of a job made of another's output, the pattern of its pictures
  std::string parameters_text = parameters.dump();
  parameters_text.pop_back();  // the frame comes before the closing brace

  std::string const owner =
      job.user > 0 ? fmt::format(R"("owner":{{"id":{},"name":{}}},)", job.user, json(job.user_name).dump()) : "";
  order.before_frame = owner + fmt::format(R"("method":{},"version":{},"parameters":{},"frame":)",
                                           json(job.method).dump(), json(job.version).dump(), parameters_text);
  if (job.after != 0 || job.files.size() > files_in_order) {
    order.after_frame = fmt::format(R"(}},"file_list":{})", json(links.file_list(job.id)).dump());
    return order;
  }
  json files = json::array();
  for (auto const& file : job.files)
    files.push_back(
        {{"path", file.path}, {"size", file.size}, {"sha256", file.sha256}, {"url", links.blob(file.sha256)}});
  order.after_frame = fmt::format(R"(}},"files":{})", files.dump());
  return order;
}

std::string order_text(OrderTemplate const& order, Lease const& lease, std::string_view lease_text, std::int64_t job,
                       TaskPlace place, OrderLinks const& links, OrderTimes const& times) {
  std::string text = fmt::format(R"({{"type":"order","attempt":{},"task":{},"job":{},{}{})", lease.attempt, lease.task,
                                 job, order.before_frame, place.frame);
  if (place.tile > 0 && order.output.tiles) {
    PixelBox const box = rendered_box(*order.output.tiles, place.tile);
    text += fmt::format(R"(,"first-column":{},"last-column":{},"first-row":{},"last-row":{})", box.left + 1, box.right,
                        box.top + 1, box.bottom);
  }
  text += order.after_frame;
  if (!order.output.format.empty()) {
    OutputSpec const expected = output_of(order.output, place);
    std::string const name = output_name(expected, place);
    json output{{"name", name}, {"format", expected.format}, {"limit", times.result_limit}};
    if (expected.width > 0 && expected.height > 0) {
      output["width"] = expected.width;
      output["height"] = expected.height;
    }
    text += fmt::format(R"(,"output":{},"upload":{})", output.dump(), json(links.upload(lease, name)).dump());
  }
  text += fmt::format(R"(,"lease":"{}","renew":{},"deadline":{}}})", lease_text, times.renew_ms, times.deadline_ms);
  return text;
}

}  // namespace distren
