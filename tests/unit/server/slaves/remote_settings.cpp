// What an owner asks of a slave from the server: checked by name.
#include "server/slaves/remote_settings.h"
#include "common/protocol/announce.h"
#include "common/protocol/codec.h"
#include "tests/support/check_main.h"

using namespace distren;
using nlohmann::json;

namespace {

START_TEST(settings_from_afar_are_checked_by_name_and_null_takes_them_away) {
  auto const kept = change_settings("", {{"threads", 2}, {"schedule", {"mon 08:00-09:00"}}, {"paused", true}});
  ck_assert(kept.has_value());
  auto const less = change_settings(*kept, {{"paused", nullptr}, {"memory_mib", 4000}});
  ck_assert(less &&
            json::parse(*less) == json({{"threads", 2}, {"schedule", {"mon 08:00-09:00"}}, {"memory_mib", 4000}}));
  ck_assert_text(*change_settings(R"({"threads":2})", {{"threads", nullptr}}), "");
  for (json const& bad : std::initializer_list<json>{{{"threads", 0}},
                                                     {{"threads", 2.5}},
                                                     {{"memory_mib", "all"}},
                                                     {{"max_frame_ms", -1}},
                                                     {{"paused", 1}},
                                                     {{"schedule", "mon"}},
                                                     {{"schedule", json::array({std::string(100, 'x')})}},
                                                     {{"sandbox", "off"}},
                                                     {{"sandbox", nullptr}},
                                                     json::array()})
    ck_assert_msg(!change_settings("", bad), "%s was taken", bad.dump().c_str());
  auto const both = change_settings("", {{"threads", 0}, {"sandbox", "off"}});
  ck_assert_says(both.error().message, "threads: 0 is not an integer from 1 to 1,024");
  ck_assert_says(both.error().message, "there is no setting 'sandbox'");
  ck_assert(json::parse(protocol::write(protocol::SettingsMessage{remote_settings_of(*kept)}))["type"] == "settings");
  ck_assert(remote_settings_of("garbage") == protocol::RemoteSettings{});
}
END_TEST

TestGroup const settings_tests{"settings", {settings_from_afar_are_checked_by_name_and_null_takes_them_away}};

}  // namespace
