#include "slave/delivered_renderers.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/utsname.h>

#include <algorithm>

#include "common/base/digest.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t key_bytes = 32;

std::string fingerprint(std::string const& key) {
  return "SHA256:" + to_hex(sha256(key)).substr(0, 32);
}

std::string name_of(protocol::RendererBuild const& build) {
  return fmt::format("{} {} ({})", printable(build.method, 40), printable(build.version, 40),
                     printable(build.build, 64).substr(0, 12));
}

}  // namespace

std::string DeliveredRenderers::this_platform() {
  utsname name{};
  if (::uname(&name) != 0) return "unknown";
  return lower_case(fmt::format("{}-{}", name.sysname, name.machine));
}

Result<std::unique_ptr<DeliveredRenderers>> DeliveredRenderers::open(Options options, RendererStore store) {
  std::unique_ptr<DeliveredRenderers> out(new DeliveredRenderers(std::move(options), std::move(store)));
  std::string text = out->options_.key;
  if (std::error_code error; text.empty() && fs::exists(out->options_.key_file, error)) {
    auto const kept = read_secret_file(out->options_.key_file);  // whoever may write it chooses what runs
    if (!kept) return kept.error();
    text = *kept;
  }
  if (text.empty()) return out;
  auto const key = from_base64(text);
  if (!key || key->size() != key_bytes)
    return fail(Errc::invalid,
                fmt::format("{} has no key of renderers; delete it, and the next that the server names is "
                            "kept",
                            out->options_.key_file.string()));
  out->key_ = *key;
  return out;
}

// With mutex_ held.
Result<void> DeliveredRenderers::pin(std::string const& key) {
  if (key.size() != key_bytes) return fail(Errc::invalid, "the server names no key of renderers");
  if (key == key_) return {};
  if (!key_.empty())
    return fail(
        Errc::denied,
        fmt::format("the grid's renderer key was {} and the server now names {}: its renderers are not taken. If the "
                    "grid's administrator confirms the new key, {}",
                    fingerprint(key_), fingerprint(key),
                    options_.key.empty() ? "delete " + options_.key_file.string() + " and restart this slave"
                                         : "set renderer_key = \"" + to_base64(key) + "\" and restart this slave"));
  if (auto const kept = write_file_durably(options_.key_file, to_base64(key) + "\n", 0600); !kept) return kept;
  key_ = key;
  spdlog::info("the grid's renderer key is {}; from now on no other is accepted", fingerprint(key));
  return {};
}

bool DeliveredRenderers::accepts(std::string const& build) const {
  return std::ranges::any_of(options_.accepted, [&](auto const& each) { return each == "signed" || each == build; });
}

Result<void> DeliveredRenderers::check(protocol::RendererBuild const& build) const {
  std::string const name = name_of(build);
  auto const refuse = [&name](std::string const& why) {
    return fail(Errc::denied, fmt::format("the renderer {} is not taken: {}", name, why), "renderer_missing");
  };
  std::lock_guard const lock(mutex_);
  if (!is_sha256_hex(build.build)) return refuse("it has no digest");
  if (!accepts(build.build)) return refuse("the volunteer accepts others alone (renderers in the configuration)");
  if (std::ranges::count(rejected_, build.build) > 0) return refuse("its archive could not be used");
  if (!key_problem_.empty()) return refuse(key_problem_);
  if (key_.empty()) return refuse("the grid's renderer key is not known yet");
  auto const signature = from_base64(build.signature);
  if (!signature || !verify_signature(key_, protocol::signed_text(build), *signature))
    return refuse(fmt::format("its signature is not of the grid's renderer key {}", fingerprint(key_)));
  if (build.platform != options_.platform)
    return refuse(
        fmt::format("it is for {}, and this machine is {}", printable(build.platform, 40), options_.platform));
  auto const all = static_cast<std::uint64_t>(build.size_bytes) + static_cast<std::uint64_t>(build.unpacked_bytes);
  if (all > options_.limit)
    return refuse(fmt::format("it takes {} MiB, and cache_mib is {}", (all >> 20) + 1, options_.limit >> 20));
  return {};
}

void DeliveredRenderers::offered(protocol::RendererList const& list) {
  {
    std::lock_guard const lock(mutex_);
    auto const pinned = pin(from_base64(list.key).value_or(""));
    std::string const problem = pinned ? "" : pinned.error().message;
    if (!problem.empty() && problem != key_problem_) spdlog::error("{}", problem);
    key_problem_ = problem;
    list_.clear();
    refused_.clear();
    if (!pinned) return;
  }
  std::vector<protocol::RendererBuild> good;
  std::vector<std::string> refused;
  for (auto const& item : list.items) {
    if (auto const taken = check(item); taken)
      good.push_back(item);
    else
      refused.push_back(taken.error().message);
  }
  for (auto const& each : refused) spdlog::warn("{}", each);
  std::lock_guard const lock(mutex_);
  list_ = std::move(good);
  refused_ = std::move(refused);
}

std::vector<protocol::RendererBuild> DeliveredRenderers::fetchable() const {
  std::lock_guard const lock(mutex_);
  std::vector<protocol::RendererBuild> out;
  for (auto const& each : list_)
    if (std::ranges::count(rejected_, each.build) == 0) out.push_back(each);
  return out;
}

void DeliveredRenderers::reject(std::string const& build) {
  std::lock_guard const lock(mutex_);
  rejected_.push_back(build);
}

std::vector<std::string> DeliveredRenderers::problems() const {
  std::lock_guard const lock(mutex_);
  auto out = refused_;
  if (!key_problem_.empty()) out.push_back(key_problem_);
  return out;
}

std::string DeliveredRenderers::key_fingerprint() const {
  std::lock_guard const lock(mutex_);
  return key_.empty() ? "" : fingerprint(key_);
}

}  // namespace distren
