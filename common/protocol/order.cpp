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

Result<void> check(OrderFile const& file) {
  if (auto const good = check_relative_path(file.path); !good) return wrong(good.error().message);
  if (!is_sha256_hex(file.sha256)) return wrong(fmt::format("{} has no SHA-256", file.path));
  if (file.size < 0) return wrong(fmt::format("{} has no usable size", file.path));
  if (file.url.empty()) return wrong(fmt::format("{} has no URL", file.path));
  return {};
}

// A path must not be both a file and a folder of another one.
Result<void> check(std::vector<OrderFile> const& files) {
  std::set<std::string_view> paths;
  for (auto const& file : files) {
    if (auto const good = check(file); !good) return good;
    if (!paths.insert(file.path).second) return wrong(fmt::format("the file {} is there twice", file.path));
  }
  for (auto const& file : files)
    for (auto slash = file.path.find('/'); slash != std::string::npos; slash = file.path.find('/', slash + 1))
      if (paths.contains(std::string_view(file.path).substr(0, slash)))
        return wrong(fmt::format("{} is a file and a folder", file.path.substr(0, slash)));
  return {};
}

Result<void> check(OrderOutput const& output) {
  if (auto const good = check_relative_path(output.name); !good) return wrong(good.error().message);
  if (output.name.find('/') != std::string::npos) return wrong("the output's name has a folder in it");
  if (output.max_bytes <= 0) return wrong("the output's limit");
  return {};
}

}  // namespace

Result<void> check(Order const& order) {
  if (order.attempt <= 0 || order.lease.empty()) return wrong("attempt or lease is missing");
  if (order.method.empty()) return wrong("method is missing");
  if (auto const good = check(order.files); !good) return good;
  if (!order.output) return {};
  if (order.upload_url.empty()) return wrong("it has an output but no upload");
  return check(*order.output);
}

Result<void> check(FileList const& list) {
  return check(list.files);
}

OrderTemplate order_template(Order const& job) {
  OrderTemplate out;
  TextWriter before(out.before_frame, false);
  job_members(before, job);
  out.before_frame.pop_back();  // the closing brace of the parameters, which are the last of them
  TextWriter after(out.after_frame, false);
  file_members(after, job);
  return out;
}

std::string write_order(OrderTemplate const& job, Order const& frame, FrameParameters const& parameters) {
  std::string out = R"({"type":")";
  out.reserve(512 + job.before_frame.size() + job.after_frame.size());
  out += Order::type;
  out += '"';
  TextWriter attempt(out, false);
  attempt_members(attempt, frame);
  out += job.before_frame;
  TextWriter inner(out, false);
  members(inner, parameters);
  out += '}';
  out += job.after_frame;
  TextWriter rest(out, false);
  frame_members(rest, frame);
  out += '}';
  return out;
}

}  // namespace distren::protocol
