#!/usr/bin/env python3
"""The pages of statistics and of administration in a real browser, with a real server."""
import contextlib
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from notification_sinks import HookSink, MailSink  # noqa: E402
from tap import case, wait_until  # noqa: E402
from web_fixture import PASSWORD, fixture, run_pages  # noqa: E402

# Forty days of a grid that grows and is idle at night: a row per hour for all users (0) and for user 1.
HISTORY = """
INSERT INTO statistic_{table} (user_id, starts_at, frames_accepted, attempts_failed, cpu_ms, wall_ms, points_earned,
  frames_delivered, jobs_started, wait_ms, max_wait_ms, sample_count, sum_slaves_online, max_slaves_online, sum_power_online,
  max_power_online, sum_frames_ready, max_frames_ready, sum_frames_leased, max_frames_leased)
SELECT u.seq, at, n, n DIV 40 + (s.seq % 29 = 0) * 12, n * 61000, n * 9000, n * 1700, n DIV 2, s.seq % 3, s.seq % 3 * 90000,
  s.seq % 3 * 70000, 60, 60 * (4 + n DIV 40), 6 + n DIV 40, 60000 * (24 + n DIV 9), 60000 * 2, 60 * n * 3, n * 5, 60 * (n DIV 30),
  4 + n DIV 20
FROM (SELECT seq, UTC_DATE() - INTERVAL seq {step} AS at,
        CAST((900 - seq * {slope}) * (1.2 + SIN(seq / 24 * 6.283)) * (0.8 + (seq * 7919 % 41) / 100) AS SIGNED) AS n
      FROM seq_1_to_900) s
JOIN seq_0_to_1 u ON at > UTC_DATE() - INTERVAL {days} DAY
ON DUPLICATE KEY UPDATE frames_accepted = VALUES(frames_accepted)
"""


@contextlib.contextmanager
def fixture_with_sinks():
    with MailSink() as mail, HookSink() as hook, fixture({
            "mail.server": f"smtp://127.0.0.1:{mail.port}", "mail.from": "grid@example.org", "mail.tls": "off",
            "webhook.private_addresses": True}) as made:
        made.mail, made.hook = mail, hook
        yield made


@case
def statistics_of_a_new_grid_are_empty(fixture):
    page = fixture.page
    page.open(fixture.base)
    page.heading("A new grid")
    page.fill("Name", "anna")
    page.fill("Password", PASSWORD)
    page.press("Create account", "button.button-main")
    page.heading("Hello anna")
    page.see("Frames per hour", "Reference cores")
    fixture.grid.token = fixture.grid.api("POST", "/api/v1/sessions", {"name": "anna", "password": PASSWORD}, token="")[1]["token"]
    page.press("Statistics", "nav a")
    page.heading("Statistics")
    page.see("No activity in this period", "Statistics start with the first")
    fixture.take("statistics-empty")


@case
def statistics_are_drawn_for_each_period(fixture):
    page = fixture.page
    fixture.grid.sql(HISTORY.format(table="hour", step="HOUR", slope=1, days=30))
    fixture.grid.sql(HISTORY.format(table="day", step="DAY", slope=1, days=2000))
    drawn = "return [...document.querySelectorAll('.chart canvas')].filter((e) => e.width > 0).length"
    fixture.go("statistics", "Statistics")
    page.see("Points earned", "Waiting time until the first frame", "of all attempts")
    wait_until("the charts are drawn", lambda: page.script(drawn) == 7)
    frames = fixture.grid.api("GET", "/api/v1/statistics?period=week")[1]["series"]["frames_finished"]
    shown = page.script("return document.querySelector('.figures dd').innerText")
    assert int(shown.replace(",", "")) == sum(frames) > 1000, (shown, sum(frames))
    fixture.take("statistics")
    page.press("Mine")
    fixture.at("owner=me")
    wait_until("one chart more for what my jobs got", lambda: page.script(drawn) == 8)
    page.press("1 year")
    fixture.at("period=year")
    page.see("per day (UTC)")
    wait_until("the charts are drawn again", lambda: page.script(drawn) == 8)
    fixture.take("statistics-year")
    page.reload()
    page.see("per day (UTC)", "Frames rendered by my slaves")


@case
def the_value_under_the_pointer_is_shown(fixture):
    page = fixture.page
    fixture.go("statistics", "Statistics")
    page.see("in total")
    left, top = page.script("""
      const box = document.querySelector('.chart .u-over').getBoundingClientRect();
      return [box.left + box.width / 2, box.top + 20];""")
    for step in (-9, 0):
        page.chrome("Input.dispatchMouseEvent", type="mouseMoved", x=left + step, y=top)
    wait_until("the caption says a time and a value", lambda: page.script(
        r"return /\d\d:\d\d.*: [\d,.]+/.test(document.querySelector('.chart-read').innerText)"))


@case
def a_new_grid_lists_the_next_steps(fixture):
    page = fixture.page
    fixture.go("admin", "Administration")
    page.see("Finish setting up", "Add a first PC", "Make it reachable", "Disk and database", "schema")
    fixture.take("admin")
    page.press("Hide")
    wait_until("the list is gone", lambda: "Finish setting up" not in page.text())
    page.reload()
    page.see("Disk and database")
    assert "Finish setting up" not in page.text()


@case
def roles_are_assigned_and_a_user_is_blocked(fixture):
    page, api = fixture.page, fixture.grid.api
    for name in ("ben", "carla", "mallory"):
        assert api("POST", "/api/v1/users", {"name": name, "password": PASSWORD,
                                                "email": f"{name}@example.org"}, token="")[0] == 201
    fixture.go("admin/users", "Administration")
    page.see("mallory", "ben@example.org")
    fixture.take("admin-users")
    page.script("""
      const place = [...document.querySelectorAll('select')].find((e) => e.ariaLabel === 'Role of ben');
      place.value = 'moderator';
      place.dispatchEvent(new Event('change', {bubbles: true}));""")
    page.see("Make ben Moderator?")
    page.press("Change role")
    page.see("ben: Moderator")
    page.press("Block mallory")
    page.see("Nothing is deleted.")
    fixture.take("admin-block")
    page.fill("Reason", "<b>mines coins</b>")
    page.press("Block", "dialog button.button-main")
    page.see("mallory blocked", "<b>mines coins</b>")
    status, answer = api("POST", "/api/v1/sessions", {"name": "mallory", "password": PASSWORD}, token="")
    assert status == 403 and "mines coins" in answer["detail"], answer
    page.press("Blocked")
    fixture.at("which=blocked")
    page.see("Unblock")
    page.press("Unblock mallory")
    page.see("No matching accounts")
    assert api("POST", "/api/v1/sessions", {"name": "mallory", "password": PASSWORD}, token="")[0] == 201
    users = {each["name"]: each for each in api("GET", "/api/v1/users")[1]["items"]}
    assert users["ben"]["role"] == "moderator" and users["mallory"]["blocked_at"] is None, users


@case
def a_setting_takes_effect_when_saved(fixture):
    page, api = fixture.page, fixture.grid.api
    fixture.go("admin/settings", "Administration")
    page.see("Name of the grid", "Only in distrend.toml", "limits.worker_threads")
    page.fill("Name of the grid", "Attic")
    page.press("Save")
    page.see("Name of the grid saved", "distrend.toml: DistRen")
    assert api("GET", "/api/v1/grid")[1]["name"] == "Attic"
    fixture.take("admin-settings")
    page.press("Reset to file value")
    wait_until("the file's name holds again", lambda: api("GET", "/api/v1/grid")[1]["name"] == "DistRen")


@case
def methods_and_activity_are_shown(fixture):
    page = fixture.page
    fixture.go("admin/methods", "Administration")
    page.see("blender", "No slave has it.")
    fixture.take("admin-methods")
    fixture.go("admin/events", "Administration")
    page.see("anna logged in from", "mallory was blocked by anna: <b>mines coins</b>", "ben is moderator now")
    fixture.take("admin-events")
    fixture.go("admin/events?kind=setting_changed", "Administration")
    wait_until("only these are shown", lambda: "mallory" not in page.text())
    page.see('anna set name to "Attic"')


@case
def notifications_are_chosen_on_the_account_page(fixture):
    page, api = fixture.page, fixture.grid.api
    fixture.go("account", "anna")
    page.see("Choose what you are notified about")
    page.fill("E-mail address", "anna@example.org")
    page.fill("Your password", PASSWORD)
    page.press("Save address")
    page.see("Your e-mail address is anna@example.org")
    for way in ("E-mail", "Browser"):
        page.press(f"My job finished or failed: {way}", "input")
    page.press("Save")
    page.see("Notifications saved")
    fixture.take("account-notifications")
    page.see("anna@example.org is not confirmed yet", "Send another code")
    wait_until("the code arrives", lambda: fixture.mail.mails)
    fixture.take("account-confirm")
    page.fill("Code from the e-mail", "no code")
    page.press("Confirm")
    page.see("This is not the code; 4 tries are left")
    code = re.search(r"\b\d{8}\b", fixture.mail.text(0))[0]
    page.fill("Code from the e-mail", f"{code[:4]} {code[4:]}")
    page.press("Confirm")
    page.see("anna@example.org confirmed")
    page.see_not("is not confirmed yet")
    fixture.mail.mails.clear()
    kept = api("GET", "/api/v1/notifications/preferences")[1]
    assert {each["channel"] for each in kept["choices"]} == {"mail", "browser"}, kept
    page.press("Send a test by E-mail")
    wait_until("the test arrives", lambda: fixture.mail.mails)
    page.reload()
    page.see("Sent notifications")


@case
def webhooks_are_made_tested_and_deleted_on_the_account_page(fixture):
    page, api = fixture.page, fixture.grid.api
    fixture.go("account", "anna")
    page.fill("Address", "http://user:secret@example.org/")
    page.press("Create webhook")
    page.see("carries a user name or password")
    page.fill("Address", f"http://127.0.0.1:{fixture.hook.port}/hook")
    page.press("Points were transferred", "input")
    page.press("Create webhook")
    page.see("Secret of the webhook", "whsec_")
    fixture.take("account-webhook-secret")
    page.press("Done")
    page.see_not("whsec_")
    made = api("GET", "/api/v1/webhooks")[1]["items"][0]
    assert set(made["topics"]) == {"job.finished", "job.failed", "job.paused", "points.changed"}, made
    page.press("Send test", "section ul.lines button")
    wait_until("the webhook is called", lambda: fixture.hook.requests)
    page.see("webhook.test", "delivered (204)")
    page.press("Send again")
    wait_until("it is called again", lambda: len(fixture.hook.requests) == 2)
    fixture.take("account-webhooks")
    page.press("Replace secret")
    page.see("for 24 hours")
    page.press("Replace secret", "dialog button")
    page.see("whsec_")
    page.press("Done")
    page.press("Disable")
    page.see("Disabled")
    page.press("Delete webhook")
    page.press("Delete webhook", "dialog button")
    wait_until("it is gone", lambda: not api("GET", "/api/v1/webhooks")[1]["items"])


@case
def browser_notifications_appear_once_and_polling_needs_no_stream(fixture):
    page = fixture.page
    record = """
      window.shown = [];
      const real = window.setInterval;  // the rare question is asked when this test says so
      window.setInterval = (does, time) => time === 15000 ? (window.poll = does, 0) : real(does, time);
      window.Notification = class { constructor(title, how) { window.shown.push(how.body); } close() {} };
      window.Notification.permission = 'granted';"""
    page.chrome("Page.addScriptToEvaluateOnNewDocument", source=record)
    fixture.go("points", "Points")
    page.reload()
    page.heading("Points")
    wait_until("this browser stores the last notification", lambda: page.script(
        "return Object.keys(localStorage).some((key) => key.includes('notified'))"))
    assert fixture.grid.api("POST", "/api/v1/notifications/test", {"channel": "browser"})[0] == 204
    wait_until("the browser shows it", lambda: page.script("return window.shown.length") == 1)
    assert "This is a test" in page.script("return window.shown[0]")
    page.reload()
    page.heading("Points")
    assert fixture.grid.api("POST", "/api/v1/notifications/test", {"channel": "browser"})[0] == 204
    wait_until("the browser shows the next", lambda: page.script("return window.shown.length") > 0)
    assert page.script("return window.shown.length") == 1, "the first is not shown again"
    fixture.settled()
    happened = ("INSERT INTO activity (created_at, kind, user_id, job_id, message) SELECT UTC_TIMESTAMP(3), 'job_finished',"
                " id, 42, 'Job {0} (cube) is finished' FROM user WHERE name = 'anna'")
    fixture.grid.sql(happened.format(42))
    wait_until("it shows what happened", lambda: page.script("return window.shown[1]") == "Job 42 (cube) is finished")
    page.script("Object.defineProperty(document, 'hidden', {get: () => window.concealed, configurable: true});"
                "window.concealed = true; document.dispatchEvent(new Event('visibilitychange'))")
    wait_until("the stream is closed", lambda: not fixture.is_live())
    fixture.grid.sql(happened.format(43))
    told = "/api/v1/notifications?channel=browser&limit=1000"
    wait_until("the notification exists", lambda: "Job 43" in str(fixture.grid.api("GET", told)[1]))
    assert page.script("return window.shown.length") == 2
    page.script("window.poll()")
    wait_until("a hidden page polls", lambda: page.script("return window.shown[2]") == "Job 43 (cube) is finished")
    page.script("window.concealed = false; document.dispatchEvent(new Event('visibilitychange'))")
    fixture.settled()
    assert page.script("return window.shown.length") == 3
    page.script("window.poll()")


if __name__ == "__main__":
    run_pages(fixture_with_sinks)
