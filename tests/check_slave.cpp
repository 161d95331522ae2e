// The slave's parts: orders, working copies, outbox, back-off and configuration.
#include <sys/stat.h>

#include <fmt/format.h>

#include <fstream>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/protocol/codec.h"
#include "common/protocol/order.h"
#include "common/render/render_method.h"
#include "slave/backoff.h"
#include "slave/gpu.h"
#include "slave/line.h"
#include "slave/outbox.h"
#include "slave/server_address.h"
#include "slave/slave_config.h"
#include "slave/workspace.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

using namespace distren;
using namespace std::chrono_literals;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

void write(fs::path const& path, std::string const& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string read(fs::path const& path) {
  return read_file(path).value();
}

json good_order() {
  std::string const digest = to_hex(sha256("scene"));
  return {{"type", "order"},
          {"attempt", 9},
          {"task", 5},
          {"job", 1},
          {"method", "blender"},
          {"lease", "l"},
          {"upload", "/api/v1/uploads?attempt=9"},
          {"parameters", {{"file", "scene.blend"}, {"frame", 5}}},
          {"files", {{{"path", "scene.blend"}, {"size", 5}, {"sha256", digest}, {"url", "/api/v1/blobs/x"}}}},
          {"output", {{"name", "0005.png"}, {"format", "PNG"}, {"width", 8}, {"height", 6}, {"limit", 1000}}}};
}

std::string refusal(json const& message) {
  auto const order = protocol::parse<protocol::Order>(message);
  return order ? "" : order.error().message;
}

OutboxEntry entry_of(std::int64_t attempt) {
  OutboxEntry entry;
  entry.attempt = attempt;
  entry.lease = "lease";
  entry.result.attempt = attempt;
  entry.result.lease = "lease";
  entry.result.outcome = protocol::Outcome::done;
  entry.upload = "/api/v1/uploads";
  entry.name = "0001.png";
  return entry;
}

std::unique_ptr<Outbox> outbox_in(fs::path const& folder, std::string const& owner = "me") {
  std::vector<std::string> dropped;
  auto outbox = Outbox::open(folder, owner, dropped);
  ck_assert_msg(outbox.has_value(), "%s", outbox ? "" : outbox.error().message.c_str());
  return std::move(*outbox);
}

// A result with its picture, committed.
OutboxEntry commit_picture(Outbox& outbox, fs::path const& scratch, std::int64_t attempt) {
  write(scratch / "picture", "pixels");
  OutboxEntry entry = entry_of(attempt);
  auto const taken = outbox.add(entry, scratch / "picture", 1000);
  ck_assert_msg(taken.has_value(), "%s", taken ? "" : taken.error().message.c_str());
  ck_assert(outbox.hash(entry).has_value());
  ck_assert(outbox.commit(entry).has_value());
  return entry;
}

}  // namespace

START_TEST(a_good_order_is_read) {
  auto const order = protocol::parse<protocol::Order>(good_order());
  ck_assert(order.has_value());
  ck_assert_int_eq(order->attempt, 9);
  ck_assert_int_eq(order->output->height, 6);
  ck_assert(order->files.at(0).path == "scene.blend");
  ck_assert_int_eq(order->time_limit_ms, 900'000);
}
END_TEST

START_TEST(an_order_without_attempt_or_lease_is_refused) {
  for (auto const* member : {"attempt", "lease", "method"}) {
    auto message = good_order();
    message.erase(member);
    ck_assert_says(refusal(message), "missing");
  }
  ck_assert(!refusal(json::array()).empty());
  ck_assert(!refusal(nullptr).empty());
}
END_TEST

START_TEST(paths_that_lead_out_are_refused) {
  for (auto const* path : {"../x", "/x", "a/../../x", "a//x", "", "a\\x", "./x"}) {
    auto message = good_order();
    message["files"][0]["path"] = path;
    ck_assert_msg(!refusal(message).empty(), "%s", path);
    message = good_order();
    message["output"]["name"] = path;
    ck_assert_msg(!refusal(message).empty(), "%s", path);
  }
}
END_TEST

START_TEST(a_name_that_is_file_and_folder_is_refused) {
  auto message = good_order();
  auto second = message["files"][0];
  second["path"] = "scene.blend/x";
  message["files"].push_back(second);
  ck_assert_says(refusal(message), "file and a folder");
  message["files"][1]["path"] = "scene.blend";
  ck_assert_says(refusal(message), "twice");
}
END_TEST

START_TEST(digests_sizes_and_limits_are_checked) {
  auto message = good_order();
  message["files"][0]["sha256"] = "../../etc";
  ck_assert_says(refusal(message), "SHA-256");
  message = good_order();
  message["files"][0]["size"] = -1;
  ck_assert_says(refusal(message), "size");
  message = good_order();
  message["output"]["limit"] = 0;
  ck_assert_says(refusal(message), "limit");
  message = good_order();
  message["output"]["width"] = 1e9;
  ck_assert_says(refusal(message), "width");
  message["output"]["width"] = nullptr;
  ck_assert(refusal(message).empty() && protocol::parse<protocol::Order>(message)->output->width == 0);  // not known
}
END_TEST

START_TEST(a_working_copy_has_the_files_at_their_paths) {
  ScratchFolder const scratch;
  write(scratch / "blob", "scene");
  for (bool const linked : {true, false}) {
    auto workspace = Workspace::open(scratch / (linked ? "linked" : "copied"), linked);
    auto message = good_order();
    message["files"][0]["path"] = "video/a/scene.blend";
    auto const order = protocol::parse<protocol::Order>(message);
    int fetched = 0;
    auto const fetch = [&](protocol::OrderFile const&) {
      ++fetched;
      return Result<fs::path>(scratch / "blob");
    };
    for (int i = 0; i < 2; ++i) {
      auto const folder = workspace->prepare(*order, fetch);
      ck_assert(folder.has_value());
      ck_assert(read(*folder / "video/a/scene.blend") == "scene");
      ck_assert_uint_eq(fs::hard_link_count(*folder / "video/a/scene.blend"), linked ? 2 : 1);
    }
    ck_assert_int_eq(fetched, 1);
  }
}
END_TEST

START_TEST(a_working_copy_that_was_not_finished_is_made_anew) {
  ScratchFolder const scratch;
  write(scratch / "jobs" / "1-abc.new" / "scene.blend", "half");
  auto workspace = Workspace::open(scratch / "jobs", true);
  ck_assert(fs::is_empty(scratch / "jobs"));
  auto const order = protocol::parse<protocol::Order>(good_order());
  auto const failing = workspace->prepare(*order, [](protocol::OrderFile const&) {
    return Result<fs::path>(Error{Errc::unavailable, "the server is away"});
  });
  ck_assert(!failing && !workspace->holds(*order));
}
END_TEST

START_TEST(other_files_of_a_job_are_another_working_copy) {
  ScratchFolder const scratch;
  write(scratch / "blob", "scene");
  auto workspace = Workspace::open(scratch / "jobs", true);
  auto const fetch = [&](protocol::OrderFile const&) { return Result<fs::path>(scratch / "blob"); };
  auto first = protocol::parse<protocol::Order>(good_order());
  auto second = first;
  second->files[0].sha256 = to_hex(sha256("other"));
  ck_assert(*workspace->prepare(*first, fetch) != *workspace->prepare(*second, fetch));
}
END_TEST

START_TEST(a_result_is_found_again_by_the_next_process) {
  ScratchFolder const scratch;
  auto entry = commit_picture(*outbox_in(scratch / "outbox"), scratch.path(), 7);
  auto again = outbox_in(scratch / "outbox");
  ck_assert_uint_eq(again->entries().size(), 1);
  auto const found = again->entries().at(0);
  ck_assert(found.sha256 == to_hex(sha256("pixels")) && found.size == 6 &&
            protocol::write(found.result) == protocol::write(entry.result));
  ck_assert(read(again->picture(found)) == "pixels");
  ck_assert(result_message(found).output->upload.empty());
}
END_TEST

START_TEST(an_uploads_id_is_found_again) {
  ScratchFolder const scratch;
  {
    auto outbox = outbox_in(scratch / "outbox");
    auto entry = commit_picture(*outbox, scratch.path(), 7);
    entry.upload_id = "u1";
    ck_assert(outbox->change(entry).has_value());
  }
  ck_assert(outbox_in(scratch / "outbox")->entries().at(0).upload_id == "u1");
}
END_TEST

START_TEST(what_was_not_committed_is_gone) {
  ScratchFolder const scratch;
  write(scratch / "picture", "pixels");
  {
    auto outbox = outbox_in(scratch / "outbox");
    auto entry = entry_of(7);
    ck_assert(outbox->add(entry, scratch / "picture", 1000).has_value());
  }
  ck_assert(outbox_in(scratch / "outbox")->entries().empty());
  ck_assert(fs::is_empty(scratch / "outbox"));
}
END_TEST

// Every state of the disk between two steps of commit and remove, as a kill leaves it.
START_TEST(a_kill_at_any_step_leaves_all_or_nothing) {
  ScratchFolder const scratch;
  fs::path const folder = scratch / "outbox";
  commit_picture(*outbox_in(folder), scratch.path(), 7);
  std::string const text = read(folder / "7" / "result.json");

  write(folder / "8.new" / "0001.png", "pixels");   // staged
  fs::create_directories(folder / "9.new");         // begun
  write(folder / "10.new" / "0001.png", "pixels");  // written, not renamed
  write(folder / "10.new" / "result.json", text);
  write(folder / "11.gone" / "0001.png", "pixels");       // removed, half deleted
  write(folder / "7" / "result.json.tmp", "{\"half\":");  // being changed
  auto const outbox = outbox_in(folder);
  ck_assert_uint_eq(outbox->entries().size(), 1);
  ck_assert_int_eq(outbox->entries().at(0).attempt, 7);
  outbox->remove(7);
  ck_assert(fs::is_empty(folder));
  ck_assert(outbox->entries().empty());
}
END_TEST

START_TEST(damaged_results_are_dropped_and_named) {
  ScratchFolder const scratch;
  fs::path const folder = scratch / "outbox";
  for (int attempt : {1, 2, 3, 4}) commit_picture(*outbox_in(folder), scratch.path(), attempt);
  write(folder / "1" / "result.json", "{\"attempt\":1,");
  fs::remove(folder / "2" / "0001.png");
  write(folder / "3" / "0001.png", "pix");
  std::vector<std::string> dropped;
  auto const outbox = Outbox::open(folder, "me", dropped);
  ck_assert_uint_eq(dropped.size(), 3);
  ck_assert_uint_eq((*outbox)->entries().size(), 1);
}
END_TEST

START_TEST(results_for_another_server_stay_untouched) {
  ScratchFolder const scratch;
  commit_picture(*outbox_in(scratch / "outbox", "other"), scratch.path(), 7);
  ck_assert(outbox_in(scratch / "outbox", "me")->entries().empty());
  ck_assert_uint_eq(outbox_in(scratch / "outbox", "other")->entries().size(), 1);
}
END_TEST

START_TEST(only_plain_files_of_allowed_size_are_taken) {
  ScratchFolder const scratch;
  auto outbox = outbox_in(scratch / "outbox");
  auto entry = entry_of(1);
  ck_assert(!outbox->add(entry, scratch / "nothing", 1000));
  write(scratch / "secret", "secret");
  fs::create_symlink(scratch / "secret", scratch / "link");
  ck_assert(!outbox->add(entry, scratch / "link", 1000));
  fs::create_hard_link(scratch / "secret", scratch / "hard");
  ck_assert(!outbox->add(entry, scratch / "hard", 1000));
  fs::create_directory(scratch / "folder");
  ck_assert(!outbox->add(entry, scratch / "folder", 1000));
  ck_assert_int_eq(::mkfifo((scratch / "pipe").c_str(), 0600), 0);
  ck_assert(!outbox->add(entry, scratch / "pipe", 1000));
  write(scratch / "big", std::string(1001, 'x'));
  auto const big = outbox->add(entry, scratch / "big", 1000);
  ck_assert(!big);
  ck_assert_says(big.error().message, "1001");
  ck_assert(read(scratch / "secret") == "secret");
}
END_TEST

START_TEST(a_result_said_twice_is_kept_once) {
  ScratchFolder const scratch;
  auto outbox = outbox_in(scratch / "outbox");
  commit_picture(*outbox, scratch.path(), 7);
  auto other = entry_of(7);
  other.name.clear();
  other.result.outcome = protocol::Outcome::returned;
  ck_assert(outbox->commit(other).has_value());
  ck_assert_uint_eq(outbox->entries().size(), 1);
  auto const again = outbox_in(scratch / "outbox");
  ck_assert(again->entries().at(0).result.outcome == protocol::Outcome::returned);
  ck_assert(!result_message(again->entries().at(0)).output);
}
END_TEST

START_TEST(only_device_files_of_compute_drivers_are_shown) {
  ScratchFolder const scratch;
  for (auto const* name : {"nvidia0", "nvidia12", "nvidiactl", "nvidia-uvm", "nvidia-modeset", "nvidiaX", "kfd", "sda",
                           "dri/renderD128", "dri/card0"})
    write(scratch / name, "");
  std::vector<std::string> names;
  for (auto const& path : gpu_nodes(scratch.path())) names.push_back(path.filename().string());
  ck_assert(names == (std::vector<std::string>{"renderD128", "kfd", "nvidia-uvm", "nvidia0", "nvidia12", "nvidiactl"}));
  ck_assert(gpu_nodes(scratch / "nothing").empty());
}
END_TEST

START_TEST(a_list_of_devices_is_believed_only_as_far_as_it_goes) {
  for (auto const* wrong : {"", "7", "{}", R"({"event":"devices"})", R"({"event":"devices","devices":{}})"})
    ck_assert_msg(!parse_gpus(wrong), "%s", wrong);
  json many = json::array();
  for (int i = 0; i < 100; ++i)
    many.push_back({{"id", fmt::format("ID{}", i)}, {"name", std::string(500, 'n') + "\x1b"}, {"type", "CUDA"}});
  many.push_back({{"id", ""}, {"name", "x"}, {"type", "CUDA"}});
  auto const gpus = parse_gpus(json{{"event", "devices"}, {"devices", many}}.dump());
  ck_assert(gpus.has_value());
  ck_assert_uint_eq(gpus->size(), 16);
  ck_assert_uint_le(gpus->front().name.size(), 130);
  ck_assert(parse_gpus(R"({"event":"devices","devices":[{"id":"a","name":"b","type":"MAGIC"},3]})")->empty());
}
END_TEST

START_TEST(devices_of_one_type_are_chosen_and_change_the_version) {
  std::vector<Gpu> const found{{"C0", "NVIDIA One", "CUDA"},
                               {"C1", "NVIDIA Two", "CUDA"},
                               {"O0", "NVIDIA One", "OPTIX"},
                               {"O1", "NVIDIA Two", "OPTIX"},
                               {"H0", "AMD Three", "HIP"}};
  std::vector<std::string> remarks;
  auto const ids = [&](std::vector<std::string> const& wanted) {
    std::string out;
    for (auto const& gpu : choose_gpus(wanted, found, remarks)) out += gpu.id + " ";
    return out;
  };
  ck_assert_text(ids({"auto"}), "O0 O1 ");
  ck_assert_text(ids({"two"}), "O1 ");
  ck_assert_text(ids({"C1"}), "C1 ");
  ck_assert_text(ids({"amd"}), "H0 ");
  ck_assert(remarks.empty());
  ck_assert_text(ids({"Voodoo"}), "");
  ck_assert_says(remarks.at(0), "Voodoo");
  ck_assert_text(ids({}), "");
  ck_assert_text(gpu_tag({}), "");
  ck_assert(gpu_tag({found[0]}) != gpu_tag({found[1]}) && gpu_tag({found[0]}) != gpu_tag({found[2]}));
  ck_assert_text(gpu_tag({found[0], found[1]}), gpu_tag({found[1], found[0]}));
  ck_assert_int_eq(compare_versions("3.4.1" + gpu_tag({found[0]}), "3.4.1"), 0);
}
END_TEST

START_TEST(addresses_are_told_apart_by_how_far_they_are) {
  for (auto const* here : {"127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"})
    ck_assert_msg(reach_of_address(here) == Reach::this_machine, "%s", here);
  for (auto const* near : {"10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "fe80::1%eth0",
                           "fd00::1", "::ffff:192.168.1.1", "nonsense"})
    ck_assert_msg(reach_of_address(near) == Reach::private_network, "%s", near);
  for (auto const* far : {"93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"})
    ck_assert_msg(reach_of_address(far) == Reach::internet, "%s", far);
}
END_TEST

START_TEST(a_server_outside_cannot_send_its_slave_behind_the_firewall) {
  auto const resolve = [](std::string const& host) -> std::vector<std::string> {
    if (host == "grid.example.org" || host == "files.example.org") return {"93.184.216.34"};
    if (host == "both.example.org") return {"93.184.216.34", "127.0.0.1"};
    if (host == "lan.example.org") return {"192.168.1.5"};
    if (host == "localhost") return {"::1", "127.0.0.1"};
    if (host.find_first_not_of("0123456789.:abcdef") == std::string::npos) return {host};
    return {};
  };
  auto const allowed = [&](std::string const& url, std::string const& server) {
    return check_named_url(url, server, resolve).has_value();
  };
  for (auto const* server : {"grid.example.org", "93.184.216.34", "unknown.example.org", "lan.example.org"})
    for (auto const* here : {"https://localhost:8443", "http://127.0.0.1:631", "https://[::1]:8443", "http://0.0.0.0",
                             "https://both.example.org"})
      ck_assert_msg(!allowed(here, server), "%s of %s", here, server);
  for (auto const* near : {"https://192.168.1.1", "https://lan.example.org:8443", "https://169.254.169.254"}) {
    ck_assert_msg(!allowed(near, "grid.example.org"), "%s", near);
    ck_assert_msg(allowed(near, "192.168.1.7"), "%s", near);
    ck_assert_msg(allowed(near, "localhost"), "%s", near);
  }
  ck_assert(allowed("https://files.example.org", "grid.example.org"));
  ck_assert(allowed("https://grid.example.org:443", "lan.example.org"));
  ck_assert(allowed("https://behind-a-proxy.example.org", "grid.example.org"));
  ck_assert(allowed("https://GRID.example.org:8443", "Grid.Example.Org"));
  ck_assert(allowed("http://127.0.0.1:8443", "127.0.0.1"));
  ck_assert(allowed("https://localhost:8443", "127.0.0.1"));
  auto const refused = check_named_url("https://localhost:8443/?secret", "grid.example.org", resolve);
  ck_assert_says(refused.error().message, "the server grid.example.org says that its files are at localhost");
  ck_assert_says(refused.error().message, "this machine");
  ck_assert(!allowed("localhost", "grid.example.org"));

  // Then its own host is asked, at the port that it named.
  auto const files = [&](char const* configured, char const* named) {
    return files_url(configured, named, "grid.example.org", resolve);
  };
  ck_assert_text(files("", "https://localhost:9443"), "https://grid.example.org:9443");
  ck_assert_text(files("", "no address"), "https://grid.example.org:8443");
  ck_assert_text(files("", ""), "https://grid.example.org:8443");
  ck_assert_text(files("", "https://files.example.org"), "https://files.example.org");
  ck_assert_text(files("https://localhost:1", "https://files.example.org"), "https://localhost:1");
}
END_TEST

START_TEST(waits_double_up_to_the_longest) {
  Backoff backoff(500ms, 4000ms);
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 6; ++i) waits.push_back(backoff.wait(0.5).count());
  ck_assert((waits == std::vector<std::int64_t>{500, 1000, 2000, 4000, 4000, 4000}));
  backoff.reset();
  ck_assert_int_eq(backoff.wait(0.5).count(), 500);
}
END_TEST

START_TEST(waits_are_spread_and_never_above_the_longest) {
  Backoff low(1000ms, 5000ms);
  Backoff high(1000ms, 5000ms);
  for (int i = 0; i < 10; ++i) {
    auto const a = low.wait(0.0);
    auto const b = high.wait(0.999);
    ck_assert(a >= 500ms && a < b && b <= 5000ms);
  }
}
END_TEST

namespace {

std::string config_problem(ScratchFolder const& scratch, std::string const& text) {
  write(scratch / "slave.toml", text);
  auto const config = load_slave_config(scratch / "slave.toml");
  return config ? "" : config.error().message;
}

}  // namespace

START_TEST(a_configuration_is_read) {
  ScratchFolder const scratch;
  write(scratch / "secret", "pass word\n");
  ::chmod((scratch / "secret").c_str(), 0600);
  write(scratch / "slave.toml",
        "server = \"grid.example.org\"\nslavekey = \"K\"\nslavepassword_file = \"secret\"\nstate = \"s\"\n"
        "methods = \"" +
            fs::absolute(source_folder() / "methods").string() +
            "\"\n[programs]\nblender = \"/opt/blender/blender\"\n");
  auto const config = load_slave_config(scratch / "slave.toml");
  ck_assert_msg(config.has_value(), "%s", config ? "" : config.error().message.c_str());
  ck_assert(config->slavepassword == "pass word");
  ck_assert(config->state == scratch / "s");  // from where the file lies
  ck_assert(config->cache_folder() == scratch / "s/cache");
  ck_assert(config->programs.at("blender") == "/opt/blender/blender");
  ck_assert(config->sandboxed());
  write(scratch / "slave.toml", read(scratch / "slave.toml").insert(0, "cache = \"shared\"\n"));
  auto const sharing = load_slave_config(scratch / "slave.toml");
  ck_assert(sharing.has_value() && sharing->cache_folder() == scratch / "shared");
}
END_TEST

START_TEST(scripts_are_allowed_to_named_owners_alone) {
  SlaveConfig config;
  config.trusted_owners = {"anna", "7"};
  ck_assert(!config.may_run_scripts(5, "anna"));
  config.allow_scripts = true;
  ck_assert(config.may_run_scripts(5, "anna") && config.may_run_scripts(7, ""));
  ck_assert(!config.may_run_scripts(5, "bob") && !config.may_run_scripts(5, "") && !config.may_run_scripts(0, "anna"));
  config.sandbox = "off";
  ck_assert(!config.may_run_scripts(5, "anna"));
  config.trusted_owners = {"", "0"};
  config.sandbox = "on";
  ck_assert(!config.may_run_scripts(0, "") && !config.may_run_scripts(5, ""));
}
END_TEST

START_TEST(wrong_settings_are_named) {
  ScratchFolder const scratch;
  std::string const methods = "methods = \"" + fs::absolute(source_folder() / "methods").string() + "\"\n";
  std::string const good = "slavekey = \"K\"\nslavepassword = \"p\"\n" + methods;
  ck_assert(config_problem(scratch, good).empty());
  ck_assert_says(config_problem(scratch, good + "colour = 1\n"), "colour");
  ck_assert_says(config_problem(scratch, good + "port = 70000\n"), "70000");
  ck_assert_says(config_problem(scratch, good + "sandbox = \"maybe\"\n"), "sandbox");
  ck_assert_says(config_problem(scratch, good + "[programs]\nmaya = \"/x\"\n"), "programs.maya");
  ck_assert_says(config_problem(scratch, "slavepassword = \"p\"\n" + methods), "slavekey");
  ck_assert_says(config_problem(scratch, "slavekey = \"K\"\n" + methods), "slavepassword");
  ck_assert_says(config_problem(scratch, good + "slavepassword_file = \"x\"\n"), "both");
}
END_TEST

START_TEST(a_password_file_that_others_can_read_is_refused) {
  ScratchFolder const scratch;
  write(scratch / "secret", "p\n");
  ::chmod((scratch / "secret").c_str(), 0644);
  auto const secret = read_secret_file(scratch / "secret");
  ck_assert(!secret);
  ck_assert_says(secret.error().message, "chmod 600");
}
END_TEST

START_TEST(a_missing_configuration_names_where_it_was_sought) {
  auto const named = find_slave_config("/no/such.toml");
  ck_assert(!named);
  ck_assert_says(named.error().message, "/no/such.toml");
}
END_TEST

int main() {
  TCase* slave = tcase_create("slave");
  for (auto const* test : {a_good_order_is_read,
                           an_order_without_attempt_or_lease_is_refused,
                           paths_that_lead_out_are_refused,
                           a_name_that_is_file_and_folder_is_refused,
                           digests_sizes_and_limits_are_checked,
                           a_working_copy_has_the_files_at_their_paths,
                           a_working_copy_that_was_not_finished_is_made_anew,
                           other_files_of_a_job_are_another_working_copy,
                           a_result_is_found_again_by_the_next_process,
                           an_uploads_id_is_found_again,
                           what_was_not_committed_is_gone,
                           a_kill_at_any_step_leaves_all_or_nothing,
                           damaged_results_are_dropped_and_named,
                           results_for_another_server_stay_untouched,
                           only_plain_files_of_allowed_size_are_taken,
                           a_result_said_twice_is_kept_once,
                           only_device_files_of_compute_drivers_are_shown,
                           a_list_of_devices_is_believed_only_as_far_as_it_goes,
                           devices_of_one_type_are_chosen_and_change_the_version,
                           addresses_are_told_apart_by_how_far_they_are,
                           a_server_outside_cannot_send_its_slave_behind_the_firewall,
                           waits_double_up_to_the_longest,
                           waits_are_spread_and_never_above_the_longest,
                           a_configuration_is_read,
                           scripts_are_allowed_to_named_owners_alone,
                           wrong_settings_are_named,
                           a_password_file_that_others_can_read_is_refused,
                           a_missing_configuration_names_where_it_was_sought})
    tcase_add_test(slave, test);
  return run_suite("slave", {slave});
}
