#include "server/dispatch/order.h"

#include <fmt/format.h>

#include <algorithm>
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
  auto const number_of = [&parsed](char const* key) {
    auto const found = parsed.find(key);
    return found != parsed.end() && found->is_number_integer() ? found->get<int>() : 0;
  };
  spec.format = string_of("format");
  spec.pattern = string_of("pattern");
  spec.width = number_of("width");
  spec.height = number_of("height");
  return spec;
}

std::string output_name(OutputSpec const& spec, int frame) {
  // "%0Nd" and nothing else of printf: the pattern comes from a table, not from our own code.
  auto const start = spec.pattern.find("%0");
  auto const end = spec.pattern.find('d', start);
  if (start == std::string::npos || end != start + 3) return fmt::format("{:04}", frame);
  int const digits = std::clamp(spec.pattern[start + 2] - '0', 1, 9);
  return spec.pattern.substr(0, start) + fmt::format("{:0{}}", frame, digits) + spec.pattern.substr(end + 1);
}

OrderTemplate make_order_template(store::RunnableJob const& job, OutputSpec const& output, OrderLinks const& links) {
  OrderTemplate order;
  order.output = output;
  auto parameters = json::parse(job.parameters, nullptr, false);
  if (!parameters.is_object()) parameters = json::object();
  parameters["file"] = job.source;
  std::string parameters_text = parameters.dump();
  parameters_text.pop_back();  // the frame comes before the closing brace

  order.before_frame = fmt::format(R"("method":{},"version":{},"parameters":{},"frame":)", json(job.method).dump(),
                                   json(job.version).dump(), parameters_text);
  if (job.files.size() > files_in_order) {
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
                       int frame, OrderLinks const& links, OrderTimes const& times) {
  std::string text = fmt::format(R"({{"type":"order","attempt":{},"task":{},"job":{},{}{}{})", lease.attempt,
                                 lease.task, job, order.before_frame, frame, order.after_frame);
  if (!order.output.format.empty()) {
    std::string const name = output_name(order.output, frame);
    json output{{"name", name}, {"format", order.output.format}, {"limit", times.result_limit}};
    if (order.output.width > 0 && order.output.height > 0) {
      output["width"] = order.output.width;
      output["height"] = order.output.height;
    }
    text += fmt::format(R"(,"output":{},"upload":{})", output.dump(), json(links.upload(lease, name)).dump());
  }
  text += fmt::format(R"(,"lease":"{}","renew":{},"deadline":{}}})", lease_text, times.renew_ms, times.deadline_ms);
  return text;
}

}  // namespace distren
