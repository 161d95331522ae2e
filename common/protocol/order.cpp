#include "common/protocol/order.h"

#include <fmt/format.h>

#include <set>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/protocol/text_writer.h"

namespace distren::protocol {

namespace {

Error wrong(std::string const& what) {
  return fail(Errc::invalid, "the order cannot be used: " + what);
}

Result<void> check(Input const& input) {
  if (auto const good = check_relative_path(input.path); !good) return wrong(good.error().message);
  if (!is_sha256_hex(input.sha256)) return wrong(fmt::format("{} has no SHA-256", input.path));
  if (input.size_bytes < 0) return wrong(fmt::format("{} has no usable size", input.path));
  if (input.url.empty()) return wrong(fmt::format("{} has no URL", input.path));
  return {};
}

// A path must not be both a file and a folder of another one.
Result<void> check(std::vector<Input> const& inputs) {
  std::set<std::string_view> paths;
  for (auto const& input : inputs) {
    if (auto const good = check(input); !good) return good;
    if (!paths.insert(input.path).second) return wrong(fmt::format("the file {} is there twice", input.path));
  }
  for (auto const& input : inputs)
    for (auto slash = input.path.find('/'); slash != std::string::npos; slash = input.path.find('/', slash + 1))
      if (paths.contains(std::string_view(input.path).substr(0, slash)))
        return wrong(fmt::format("{} is a file and a folder", input.path.substr(0, slash)));
  return {};
}

Result<void> check(OrderOutput const& output) {
  if (auto const good = check_relative_path(output.name); !good) return wrong(good.error().message);
  if (output.name.find('/') != std::string::npos) return wrong("the output's name has a folder in it");
  if (output.max_bytes <= 0) return wrong("the output's max_bytes");
  return {};
}

// Several outputs of a frame come with a version that offers to render them.
Result<void> check(OrderAttempt const& attempt) {
  if (attempt.attempt <= 0 || attempt.lease.empty()) return wrong("attempt or lease is missing");
  if (attempt.outputs.empty()) return {};
  if (attempt.outputs.size() > 1) return wrong(fmt::format("{} outputs of one frame", attempt.outputs.size()));
  if (!attempt.upload || attempt.upload->url.empty()) return wrong("it has an output but no upload");
  if (attempt.upload->protocol != tus_protocol) return wrong("the upload is not by tus-1.0");
  return check(attempt.outputs.front());
}

}  // namespace

Result<void> check(Order const& order) {
  if (order.attempts.empty()) return wrong("attempts is missing");
  for (auto const& attempt : order.attempts)
    if (auto const good = check(attempt); !good) return good;
  if (order.renderer.method.empty()) return wrong("renderer.method is missing");
  return check(order.inputs);
}

Result<void> check(InputList const& list) {
  return check(list.inputs);
}

OrderTemplate order_template(Order const& job) {
  OrderTemplate out;
  out.text = R"({"type":")";
  out.text += Order::type;
  out.text += '"';
  TextWriter writer(out.text, false);
  job_members(writer, job);
  return out;
}

std::string write_order(OrderTemplate const& job, Order const& frame) {
  std::string out;
  out.reserve(1024 + job.text.size());
  out += job.text;
  TextWriter rest(out, false);
  frame_members(rest, frame);
  out += '}';
  return out;
}

std::vector<FrameOrder> frames_of(Order const& order) {
  std::vector<FrameOrder> frames;
  for (auto const& attempt : order.attempts) {
    FrameOrder& frame = frames.emplace_back(FrameOrder{.attempt = attempt.attempt,
                                                       .task = attempt.task,
                                                       .job = order.job,
                                                       .frame = attempt.frame,
                                                       .owner = order.owner.value_or(OrderOwner{}),
                                                       .method = order.renderer.method,
                                                       .version = order.renderer.version,
                                                       .parameters = order.parameters,
                                                       .inputs = order.inputs,
                                                       .inputs_url = order.inputs_url,
                                                       .lease = attempt.lease,
                                                       .lease_ms = order.lease_ms,
                                                       .deadline_ms = order.deadline_ms});
    if (!attempt.outputs.empty()) frame.output = attempt.outputs.front();
    if (attempt.upload) frame.upload_url = attempt.upload->url;
    frame.parameters["frame"] = attempt.frame;
    if (!attempt.tile) continue;
    frame.parameters["first-column"] = attempt.tile->first_column;
    frame.parameters["last-column"] = attempt.tile->last_column;
    frame.parameters["first-row"] = attempt.tile->first_row;
    frame.parameters["last-row"] = attempt.tile->last_row;
  }
  return frames;
}

}  // namespace distren::protocol
