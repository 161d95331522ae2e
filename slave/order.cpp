#include "slave/order.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "common/base/digest.h"
#include "common/base/files.h"

namespace distren {

namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::size_t kFileLimit = 100000;
constexpr std::int64_t kSizeLimit = std::int64_t{1} << 40;

Error wrong(std::string const& what) {
  return fail(Errc::invalid, "the order cannot be used: " + what);
}

Result<OrderFile> parse_file(json const& message) {
  OrderFile file;
  file.path = text_member(message, "path");
  file.sha256 = text_member(message, "sha256");
  file.size = number_member(message, "size", -1);
  file.url = text_member(message, "url");
  if (auto const good = check_relative_path(file.path); !good) return wrong(good.error().message);
  if (!is_sha256_hex(file.sha256)) return wrong(fmt::format("{} has no SHA-256", file.path));
  if (file.size < 0 || file.size > kSizeLimit) return wrong(fmt::format("{} has no usable size", file.path));
  if (file.url.empty()) return wrong(fmt::format("{} has no URL", file.path));
  return file;
}

// A path must not be both a file and a folder of another one.
Result<void> check_tree(std::vector<OrderFile> const& files) {
  std::set<std::string> paths;
  for (auto const& file : files)
    if (!paths.insert(file.path).second) return wrong(fmt::format("the file {} is there twice", file.path));
  for (auto const& file : files)
    for (auto slash = file.path.find('/'); slash != std::string::npos; slash = file.path.find('/', slash + 1))
      if (paths.contains(file.path.substr(0, slash)))
        return wrong(fmt::format("{} is a file and a folder", file.path.substr(0, slash)));
  return {};
}

Result<OrderOutput> parse_output(json const& message) {
  OrderOutput output;
  output.name = text_member(message, "name");
  output.format = text_member(message, "format");
  output.limit = number_member(message, "limit", std::int64_t{256} << 20);
  auto const width = number_member(message, "width");
  auto const height = number_member(message, "height");
  if (auto const good = check_relative_path(output.name); !good) return wrong(good.error().message);
  if (output.name.find('/') != std::string::npos) return wrong("the output's name has a folder in it");
  if (width < 0 || height < 0 || width > 65536 || height > 65536) return wrong("the output's size");
  if (output.limit <= 0 || output.limit > kSizeLimit) return wrong("the output's limit");
  output.width = static_cast<int>(width);
  output.height = static_cast<int>(height);
  return output;
}

}  // namespace

std::string text_member(json const& message, char const* name, std::string const& otherwise) {
  auto const found = message.is_object() ? message.find(name) : message.end();
  return found != message.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

std::int64_t number_member(json const& message, char const* name, std::int64_t otherwise) {
  auto const found = message.is_object() ? message.find(name) : message.end();
  if (found == message.end() || !found->is_number_integer()) return otherwise;
  if (found->is_number_unsigned() && found->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
    return otherwise;
  return found->get<std::int64_t>();
}

Result<std::vector<OrderFile>> parse_files(json const& list) {
  if (!list.is_array() || list.size() > kFileLimit) return wrong("files");
  std::vector<OrderFile> files;
  for (auto const& each : list) {
    auto file = parse_file(each);
    if (!file) return file.error();
    files.push_back(std::move(*file));
  }
  if (auto const good = check_tree(files); !good) return good.error();
  return files;
}

Result<Order> parse_order(json const& message) {
  if (!message.is_object()) return wrong("it is no object");
  Order order;
  order.attempt = number_member(message, "attempt");
  order.task = number_member(message, "task");
  order.job = number_member(message, "job");
  if (auto const owner = message.find("owner"); owner != message.end()) {
    order.owner = number_member(*owner, "id");
    order.owner_name = text_member(*owner, "name");
  }
  order.method = text_member(message, "method");
  order.version = text_member(message, "version");
  order.lease = text_member(message, "lease");
  order.upload = text_member(message, "upload");
  order.renew = milliseconds(std::clamp<std::int64_t>(number_member(message, "renew", 600000), 3000, 86400000));
  order.deadline = milliseconds(std::clamp<std::int64_t>(number_member(message, "deadline", 900000), 1000, 604800000));
  if (order.attempt <= 0 || order.lease.empty()) return wrong("attempt or lease is missing");
  if (order.method.empty()) return wrong("method is missing");
  order.parameters = message.contains("parameters") ? message["parameters"] : json::object();

  order.file_list = text_member(message, "file_list");
  if (auto const list = message.find("files"); list != message.end()) {
    auto files = parse_files(*list);
    if (!files) return files.error();
    order.files = std::move(*files);
  }
  if (auto const output = message.find("output"); output != message.end() && !output->is_null()) {
    auto parsed = parse_output(*output);
    if (!parsed) return parsed.error();
    if (order.upload.empty()) return wrong("it has an output but no upload");
    order.output = std::move(*parsed);
  }
  return order;
}

json ending_message(std::int64_t attempt, std::string const& lease, char const* state, std::string const& reason,
                    std::string const& log) {
  json message{{"type", "result"}, {"attempt", attempt}, {"lease", lease}, {"state", state}, {"reason", reason}};
  if (!log.empty()) message["log"] = log;
  return message;
}

}  // namespace distren
