// The slave's configuration.
#include <sys/stat.h>

#include <fstream>

#include "common/base/files.h"
#include "slave/slave_config.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

using namespace distren;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

void write(fs::path const& path, std::string const& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string read(fs::path const& path) {
  return read_file(path).value();
}

std::string config_problem(ScratchFolder const& scratch, std::string const& text) {
  write(scratch / "slave.toml", text);
  auto const config = load_slave_config(scratch / "slave.toml");
  return config ? "" : config.error().message;
}

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
  ck_assert(config->programs.at("blender") == std::vector<std::string>{"/opt/blender/blender"});
  ck_assert(config->takes_delivered());
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

START_TEST(several_programs_of_a_method_are_read) {
  ScratchFolder const scratch;
  std::string const head = "slavekey = \"K\"\nslavepassword = \"p\"\nmethods = \"" +
                           fs::absolute(source_folder() / "methods").string() + "\"\n";
  write(scratch / "slave.toml", head +
                                    "[renderers]\nblender = [\"/opt/b/blender\", \"trees/sid\", \"blender\"]\n"
                                    "povray = \"/opt/pov\"\ndelivered = \"own\"\n");
  auto const config = load_slave_config(scratch / "slave.toml");
  ck_assert_msg(config.has_value(), "%s", config ? "" : config.error().message.c_str());
  ck_assert(config->programs.at("blender") ==
            (std::vector<std::string>{"/opt/b/blender", (scratch / "trees/sid").string(), "blender"}));
  ck_assert(config->programs.at("povray") == std::vector<std::string>{"/opt/pov"});
  ck_assert(!config->takes_delivered());
  ck_assert_says(config_problem(scratch, head + "renderers.blender = []\nprograms.blender = \"x\"\n" +
                                             "[renderers.more]\nx = 1\n"),
                 "renderers.more");
  ck_assert_says(config_problem(scratch, head + "renderers.blender = [\"a\"]\nprograms.blender = \"x\"\n"), "both set");
}
END_TEST

START_TEST(what_the_grid_delivers_is_taken_as_configured) {
  ScratchFolder const scratch;
  std::string const head = "slavekey = \"K\"\nslavepassword = \"p\"\nmethods = \"" +
                           fs::absolute(source_folder() / "methods").string() + "\"\n";
  auto const takes = [&](std::string const& text) {
    write(scratch / "slave.toml", head + text);
    auto const config = load_slave_config(scratch / "slave.toml");
    ck_assert_msg(config.has_value(), "%s", config ? "" : config.error().message.c_str());
    return config->takes_delivered();
  };
  std::string const digest(64, 'a'), key(43, 'A');
  ck_assert(takes("") && takes("renderers = \"signed\"\n") && takes("renderers = [\"" + digest + "\"]\n"));
  ck_assert(!takes("renderers = \"own\"\n") && !takes("sandbox = \"off\"\n"));
  ck_assert(takes("renderer_key = \"" + key + "=\"\n"));
  for (std::string const wrong :
       {"renderers = \"any\"\n", "renderers = [\"signed\", \"own\"]\n", "renderers = [\"abc\"]\n"})
    ck_assert_says(config_problem(scratch, head + wrong), "\"own\" or a list");
  ck_assert_says(config_problem(scratch, head + "renderer_key = \"abc\"\n"), "renderer_key: abc");
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

TestGroup const configuration_tests{
    "configuration",
    {a_configuration_is_read, several_programs_of_a_method_are_read, what_the_grid_delivers_is_taken_as_configured,
     scripts_are_allowed_to_named_owners_alone, wrong_settings_are_named,
     a_password_file_that_others_can_read_is_refused, a_missing_configuration_names_where_it_was_sought}};

}  // namespace
