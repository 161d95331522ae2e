// Names of events, and how topics choose among them.
#include <fmt/format.h>

#include "server/live/event_names.h"
#include "tests/support/check_main.h"

using namespace distren;

namespace {

std::string names_of(Result<Topics> const& topics) {
  return topics ? fmt::format("{}", fmt::join(topics->names(), " ")) : topics.error().message;
}

START_TEST(a_topic_is_an_event_or_all_that_begin_with_a_word) {
  ck_assert_text(names_of(Topics::parse({"job.finished", "slave", "job.created"})),
                 "job.created job.finished slave.updated slave.offline");
  ck_assert_text(names_of(Topics::parse({"job"})),
                 "job.created job.updated job.deleted job.finished job.paused job.failed");
  ck_assert_text(names_of(Topics::parse({})), "");
  ck_assert_uint_eq(Topics::all().names().size(), 14);
  ck_assert(Topics::all().contains(EventKind::notification_created));
  ck_assert(!Topics::parse({"job"})->contains(EventKind::tasks_updated));
  ck_assert_text(std::string(event_name(EventKind::points_changed)), "points.changed");
}
END_TEST

START_TEST(webhooks_have_only_what_happens_once) {
  ck_assert_text(names_of(Topics::parse_for_webhook({"job", "slave", "notification", "points"})),
                 "job.created job.deleted job.finished job.paused job.failed slave.offline points.changed "
                 "notification.created");
  ck_assert_says(names_of(Topics::parse_for_webhook({"job.updated"})), "'job.updated' is not one of job.created");
  ck_assert(!Topics::parse_for_webhook({"tasks"}) && !Topics::parse_for_webhook({"grid"}));
}
END_TEST

START_TEST(what_is_no_event_is_refused_by_its_name) {
  for (auto const* bad :
       {"", "pigeon", "job.", ".created", "job.finished ", "JOB", "heartbeat", "stream.open", "jobs"}) {
    auto const topics = Topics::parse({"job", bad});
    ck_assert_msg(!topics && topics.error().code == Errc::invalid, "%s", bad);
    ck_assert_says(topics.error().message, fmt::format("'{}' is not one of", bad));
  }
}
END_TEST

TestGroup const event_name_tests{"names",
                                 {a_topic_is_an_event_or_all_that_begin_with_a_word,
                                  webhooks_have_only_what_happens_once, what_is_no_event_is_refused_by_its_name}};

}  // namespace
