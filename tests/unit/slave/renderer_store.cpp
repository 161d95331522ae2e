// Renderers that the grid delivers: which are taken, and how they are kept.
#include "slave/renderer_store.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "common/base/digest.h"
#include "slave/delivered_renderers.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

using namespace distren;
namespace fs = std::filesystem;

namespace {

std::string const grid_key(32, 'k');

protocol::RendererBuild signed_build(char letter, std::string const& key = grid_key) {
  protocol::RendererBuild build{.method = "blender", .version = "5.2.2", .build = std::string(64, letter)};
  build.size_bytes = build.unpacked_bytes = 1 << 20;
  build.platform = DeliveredRenderers::this_platform();
  build.signature = to_base64(sign(key, protocol::signed_text(build)));
  return build;
}

struct Folders {
  ScratchFolder scratch;
  [[nodiscard]] RendererStore store() const { return std::move(*RendererStore::open(scratch / "renderers")); }
  [[nodiscard]] fs::path archive() const {
    fs::create_directories(scratch / "tree/usr/bin");
    std::ofstream(scratch / "tree/usr/bin/blender") << "a program";
    std::string const command =
        fmt::format("tar -C {} -cf {} usr", (scratch / "tree").string(), (scratch / "archive.tar").string());
    ck_assert_int_eq(std::system(command.c_str()), 0);
    return scratch / "archive.tar";
  }
  [[nodiscard]] std::unique_ptr<DeliveredRenderers> delivered(std::vector<std::string> accepted = {"signed"},
                                                              std::string key = {}) const {
    auto opened = DeliveredRenderers::open({.key_file = scratch / "renderer_key",
                                            .key = std::move(key),
                                            .accepted = std::move(accepted),
                                            .limit = 4U << 20},
                                           store());
    ck_assert_msg(opened.has_value(), "%s", opened ? "" : opened.error().message.c_str());
    return std::move(*opened);
  }
};

std::string refusal_of(DeliveredRenderers const& delivered, protocol::RendererBuild const& build) {
  auto const taken = delivered.check(build);
  return taken ? "" : taken.error().message;
}

protocol::RendererList list_of(std::vector<protocol::RendererBuild> items, std::string const& key = grid_key) {
  return {.key = to_base64(public_key_of(key)), .items = std::move(items)};
}

START_TEST(an_unpacked_renderer_is_there_as_a_whole_or_not_at_all) {
  Folders const folders;
  auto store = folders.store();
  auto const build = signed_build('a');
  auto const interrupted = store.unpack(build, folders.archive(), "blender", [] { return false; });
  ck_assert(!interrupted && !store.find(build.build));
  auto const stored = store.unpack(build, folders.archive(), "blender", [] { return true; });
  ck_assert_msg(stored.has_value(), "%s", stored ? "" : stored.error().message.c_str());
  ck_assert(stored->own_root && stored->program == "usr/bin/blender" && stored->version == "5.2.2");
  ck_assert(fs::exists(stored->root / stored->program));
  ck_assert_uint_eq(store.all().size(), 1);
  ck_assert(!store.unpack(signed_build('b'), folders.archive(), "povray", [] { return true; }));
  ck_assert(fs::is_empty(folders.scratch / "renderers/incoming"));
}
END_TEST

START_TEST(what_a_kill_left_is_removed_at_the_next_start) {
  Folders const folders;
  fs::path const left = folders.scratch / "renderers/incoming" / std::string(64, 'a');
  fs::create_directories(left / "files/usr");
  fs::create_directories(folders.scratch / "renderers" / std::string(64, 'b') / "files");  // without its description
  fs::create_directories(folders.scratch / "renderers/incoming/not-ours");
  auto const store = folders.store();
  ck_assert(!fs::exists(left) && store.all().empty());
  ck_assert(fs::exists(folders.scratch / "renderers/incoming/not-ours"));
}
END_TEST

START_TEST(a_description_that_leads_out_is_not_believed) {
  Folders const folders;
  auto store = folders.store();
  auto const build = signed_build('a');
  ck_assert(store.unpack(build, folders.archive(), "blender", [] { return true; }).has_value());
  fs::path const file = folders.scratch / "renderers" / build.build / "build.json";
  for (std::string const root : {"../../..", "/usr", "7"}) {
    std::ofstream(file) << R"({"method":"blender","version":"5.2.2","bytes":1,"own_root":true,"root":")" + root +
                               R"(","program":"usr/bin/blender"})";
    bool const found = store.find(build.build).has_value();
    ck_assert_msg(found == (root == "7"), "%s", root.c_str());  // a folder in it
  }
  std::ofstream(file) << "[1";
  ck_assert(!store.find(build.build) && store.all().empty());
}
END_TEST

START_TEST(a_renderer_in_use_is_never_removed) {
  Folders const folders;
  auto store = folders.store();
  auto const build = signed_build('a');
  ck_assert(store.unpack(build, folders.archive(), "blender", [] { return true; }).has_value());
  ck_assert(!store.hold(std::string(64, 'b')) && !store.hold("../x"));
  {
    auto const held = store.hold(build.build);
    auto const same = folders.store().hold(build.build);  // another slave of this host
    ck_assert(held && same);
    ck_assert(!store.neighbours().at(0).remove());
    ck_assert(store.find(build.build).has_value());
  }
  ck_assert(store.neighbours().at(0).remove());
  ck_assert(!store.find(build.build) && !store.hold(build.build));
  ck_assert(fs::is_empty(folders.scratch / "renderers/incoming"));
}
END_TEST

START_TEST(the_cache_counts_renderers_and_removes_the_oldest_of_both) {
  ScratchFolder const scratch;
  std::vector<std::string> removed;
  Cache::Options options{.limit = 100};
  options.neighbours = [&removed] {
    auto const gone = [&removed](std::string const& name) { return std::ranges::count(removed, name) > 0; };
    std::vector<Cache::Neighbour> out;
    if (!gone("new")) out.push_back({60, 2, [&removed] { return removed.emplace_back("new"), true; }});
    if (!gone("old")) out.push_back({30, 1, [&removed] { return removed.emplace_back("old"), true; }});
    out.push_back({10, 0, [] { return false; }});  // in use
    return out;
  };
  auto cache = Cache::open(scratch / "cache", options);
  ck_assert(cache.has_value());
  ck_assert(cache->make_room(0, {}).has_value() && removed.empty());
  ck_assert(cache->make_room(20, {}).has_value());
  ck_assert(removed == std::vector<std::string>{"old"});
  ck_assert(cache->make_room(80, {}).has_value());
  ck_assert(removed == (std::vector<std::string>{"old", "new"}));
}
END_TEST

START_TEST(only_what_the_grid_signed_is_taken) {
  Folders const folders;
  auto const delivered = folders.delivered();
  ck_assert_says(refusal_of(*delivered, signed_build('a')), "not known yet");
  auto const forged = signed_build('b', std::string(32, 'x'));
  delivered->offered(list_of({signed_build('a'), forged}));
  ck_assert_uint_eq(delivered->fetchable().size(), 1);
  ck_assert_text(refusal_of(*delivered, signed_build('a')), "");
  ck_assert_says(refusal_of(*delivered, forged), "signature");
  for (auto const change : {0, 1, 2, 3, 4, 5}) {
    auto build = signed_build('a');
    if (change == 0) build.version = "5.2.3";
    if (change == 1) build.method = "povray";
    if (change == 2) build.size_bytes += 1;
    if (change == 3) build.unpacked_bytes += 1;
    if (change == 4) build.platform = "linux-m68k";
    if (change == 5) build.build[0] = 'b';
    ck_assert_says(refusal_of(*delivered, build), "signature");
  }
  for (std::string const wrong : {"", "AAAA", "not base64 at all!"}) {
    auto build = signed_build('a');
    build.signature = wrong;
    ck_assert_says(refusal_of(*delivered, build), "signature");
  }
}
END_TEST

START_TEST(signed_renderers_that_cannot_be_used_here_are_refused) {
  Folders const folders;
  auto const delivered = folders.delivered();
  delivered->offered(list_of({}));
  auto const resigned = [](protocol::RendererBuild build) {
    build.signature = to_base64(sign(grid_key, protocol::signed_text(build)));
    return build;
  };
  auto build = signed_build('a');
  build.platform = "linux-m68k";
  ck_assert_says(refusal_of(*delivered, resigned(build)), "it is for linux-m68k, and this machine is linux-");
  build = signed_build('a');
  build.unpacked_bytes = 4 << 20;
  ck_assert_says(refusal_of(*delivered, resigned(build)), "cache_mib is 4");
  build = signed_build('a');
  delivered->reject(build.build);
  ck_assert_says(refusal_of(*delivered, build), "could not be used");
}
END_TEST

START_TEST(the_first_key_is_kept_and_another_refused_with_both) {
  Folders const folders;
  std::string const other(32, 'x');
  {
    auto const delivered = folders.delivered();
    ck_assert_text(delivered->key_fingerprint(), "");
    delivered->offered({.key = "AAAA", .items = {}});
    ck_assert_text(delivered->key_fingerprint(), "");
    delivered->offered(list_of({signed_build('a')}));
  }
  auto const delivered = folders.delivered();
  auto const fingerprint = delivered->key_fingerprint();
  ck_assert_text(refusal_of(*delivered, signed_build('a')), "");
  delivered->offered(list_of({signed_build('b', other)}, other));
  ck_assert(delivered->fetchable().empty());
  ck_assert_uint_eq(delivered->problems().size(), 1);
  std::string const problem = delivered->problems().front();
  ck_assert_says(problem, fingerprint);
  ck_assert_says(problem, "SHA256:" + to_hex(sha256(public_key_of(other))).substr(0, 32));
  ck_assert_says(problem, "delete " + (folders.scratch / "renderer_key").string());
  ck_assert_says(refusal_of(*delivered, signed_build('a')), "SHA256:");  // nothing new while it is in doubt
  delivered->offered(list_of({signed_build('a')}));
  ck_assert_text(refusal_of(*delivered, signed_build('a')), "");
}
END_TEST

START_TEST(a_key_that_others_may_change_is_no_key) {
  Folders const folders;
  folders.delivered()->offered(list_of({}));
  ::chmod((folders.scratch / "renderer_key").c_str(), 0666);
  auto const opened =
      DeliveredRenderers::open({.key_file = folders.scratch / "renderer_key", .accepted = {"signed"}}, folders.store());
  ck_assert(!opened);
  ck_assert_says(opened.error().message, "chmod 600");
}
END_TEST

START_TEST(a_volunteer_chooses_what_is_taken) {
  Folders const folders;
  auto const listed = folders.delivered({std::string(64, 'a'), std::string(64, 'c')});
  listed->offered(list_of({signed_build('a'), signed_build('b')}));
  ck_assert_uint_eq(listed->fetchable().size(), 1);
  ck_assert_says(refusal_of(*listed, signed_build('b')), "the volunteer");
  auto const pinned = folders.delivered({"signed"}, to_base64(public_key_of(std::string(32, 'x'))));
  pinned->offered(list_of({signed_build('a')}));
  ck_assert(pinned->fetchable().empty());
  ck_assert_says(pinned->problems().front(), "renderer_key");
}
END_TEST

TestGroup const renderer_store_tests{
    "renderer_store",
    {an_unpacked_renderer_is_there_as_a_whole_or_not_at_all, what_a_kill_left_is_removed_at_the_next_start,
     a_description_that_leads_out_is_not_believed, a_renderer_in_use_is_never_removed,
     the_cache_counts_renderers_and_removes_the_oldest_of_both}};
TestGroup const delivered_tests{
    "delivered_renderers",
    {only_what_the_grid_signed_is_taken, signed_renderers_that_cannot_be_used_here_are_refused,
     the_first_key_is_kept_and_another_refused_with_both, a_key_that_others_may_change_is_no_key,
     a_volunteer_chooses_what_is_taken}};

}  // namespace
