#!/usr/bin/env python3
"""Notifications of a real server to a mail server and a webhook: sent once, signed, retried after a restart, and never
sent into a private network unless the grid allows it."""
import base64
import contextlib
import hashlib
import hmac
import json
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from notification_sinks import HookSink, MailSink  # noqa: E402
from tap import case, run, wait_until  # noqa: E402

ALL = [{"kind": kind, "channel": channel} for kind in ("job_done", "job_paused", "slave_offline", "points")
       for channel in ("mail", "webhook", "browser")]


class Fixture:
    def __init__(self, grid, mail, hook):
        self.grid, self.mail, self.hook = grid, mail, hook
        self.ben = grid.sign_up("ben")

    def api(self, *request, **more):
        return self.grid.api(*request, token=self.ben, **more)

    def give(self, points, reason):
        """An administrator gives points to ben."""
        status, answer = self.grid.api("POST", "/api/v1/adjustments",
                                       {"to": "ben", "millipoints": round(points * 1000), "reason": reason},
                                       headers={"Idempotency-Key": f"k{points}"})
        assert status == 201, answer

    def notifications(self, text):
        return [each for each in self.api("GET", "/api/v1/notifications?limit=1000")[1]["items"]
                if text in each["message"]]


@contextlib.contextmanager
def fixture():
    with MailSink() as mail, HookSink() as hook, Grid({
            "mail.server": f"smtp://127.0.0.1:{mail.port}", "mail.from": "grid@example.org", "mail.tls": "off",
            "webhook.private_addresses": True}) as grid:
        yield Fixture(grid, mail, hook)


@case
def no_notification_is_sent_by_default(fixture):
    fixture.give(1, "first")
    email = {"email": "ben@example.org", "current_password": "correct horse battery"}
    assert fixture.api("PATCH", "/api/v1/users/me", email)[0] == 200
    status, answer = fixture.api("PATCH", "/api/v1/notifications/preferences", {
        "webhook_url": f"http://127.0.0.1:{fixture.hook.port}/hook?x=1"})
    assert status == 200 and answer["webhook_secret"] and not answer["choices"], answer
    fixture.secret = answer["webhook_secret"]
    assert not fixture.mail.mails and not fixture.hook.requests


@case
def an_unconfirmed_address_gets_only_a_code(fixture):
    fixture.api("PATCH", "/api/v1/notifications/preferences", {"choices": [{"kind": "points", "channel": "mail"}]})
    fixture.give(2, "too early")
    wait_until("it is given up",
               lambda: [each for each in fixture.notifications("2 points") if each["state"] == "given_up"])
    assert "no confirmed e-mail address" in fixture.notifications("2 points")[0]["problem"]
    assert fixture.api("POST", "/api/v1/notifications/test", {"channel": "mail"})[0] == 409
    assert not fixture.mail.mails
    assert fixture.api("POST", "/api/v1/users/me/email/send-code")[0] == 204
    wait_until("the code arrives", lambda: fixture.mail.mails)
    text = fixture.mail.text(0)
    fixture.code = re.search(r"\b\d{8}\b", text)[0]
    assert "ben" not in text and fixture.mail.mails[0]["to"] == ["ben@example.org"], text
    wrong = f"{(int(fixture.code) + 1) % 10**8:08}"
    assert fixture.api("POST", "/api/v1/users/me/email/confirm", {"code": wrong})[0] == 400
    assert fixture.code not in str(fixture.api("GET", "/api/v1/notifications")[1])
    status, answer = fixture.api("POST", "/api/v1/users/me/email/confirm", {"code": fixture.code})
    assert status == 200 and answer["email_confirmed"], answer
    assert fixture.api("POST", "/api/v1/users/me/email/confirm", {"code": fixture.code})[0] == 409
    fixture.mail.mails.clear()


@case
def a_chosen_notification_arrives_once_by_each_channel(fixture):
    status, answer = fixture.api("PATCH", "/api/v1/notifications/preferences", {"choices": ALL})
    assert status == 200 and len(answer["choices"]) == len(ALL), answer
    fixture.give(7.5, "for the höckers ☀")
    wait_until("the mail arrives", lambda: len(fixture.mail.mails) == 1)
    wait_until("the webhook is called", lambda: len(fixture.hook.requests) == 1)
    wait_until("both are known to be sent", lambda: {each["state"] for each in fixture.notifications("7.5")} == {"sent"})
    mail = fixture.mail.mails[0]
    assert mail["from"] == "grid@example.org" and mail["to"] == ["ben@example.org"], mail
    message = fixture.mail.message(0)
    assert "7.5 points" in message["Subject"] and "höckers ☀" in message["Subject"], message["Subject"]
    assert "ben@example.org" in message["To"] and message["Auto-Submitted"] == "auto-generated", mail
    part = message.get_body()
    assert "Hello ben" in part.get_content() and "#/points" in part.get_content(), part.get_content()
    assert "höckers ☀" in part.get_content() and (part.get_content_type(), part.get_content_charset(),
                                                  part["Content-Transfer-Encoding"]) == ("text/plain", "utf-8", "base64"), mail
    assert message["MIME-Version"] == "1.0" and all(len(line) < 100 for line in mail["text"].split("\r\n")), mail
    assert len(fixture.notifications("7.5")) == 3 and not fixture.notifications("first")


@case
def a_webhook_request_is_signed(fixture):
    headers, body = fixture.hook.requests[0]
    content = json.loads(body)
    assert content["kind"] == "points" and content["user_name"] == "ben" and "7.5" in content["message"], content
    stamp = headers["X-DistRen-Timestamp"]
    assert abs(int(stamp) - time.time()) < 300
    mine = hmac.new(fixture.secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-DistRen-Signature"] == "sha256=" + mine, headers
    assert headers["X-DistRen-Delivery"] == str(content["id"])


@case
def a_failed_delivery_is_retried_after_a_restart(fixture):
    fixture.hook.status, fixture.mail.answer = 503, 451
    fixture.give(9.25, "later")
    wait_until("both were tried", lambda: [each for each in fixture.notifications("9.25") if each["try_count"] == 1
                                           and each["problem"] and each["channel"] != "browser"][1:])
    waiting = {each["channel"]: each for each in fixture.notifications("9.25")}
    assert waiting["mail"]["state"] == waiting["webhook"]["state"] == "waiting", waiting
    assert "451" in waiting["mail"]["problem"] and "503" in waiting["webhook"]["problem"], waiting
    fixture.grid.stop()
    fixture.hook.status, fixture.mail.answer = 204, 250
    fixture.grid.start()
    fixture.grid.sql("UPDATE notification SET due_at = UTC_TIMESTAMP(3) WHERE state = 'waiting'")
    wait_until("both are sent", lambda: {each["state"] for each in fixture.notifications("9.25")} == {"sent"})
    assert len(fixture.mail.mails) == 2
    deliveries = [headers["X-DistRen-Delivery"] for headers, _ in fixture.hook.requests]
    assert deliveries[1] == deliveries[2], "the second try has the number of the first"


@case
def permanent_errors_and_redirections_end_a_delivery(fixture):
    for number, (status, answer) in enumerate(((410, 250), (302, 550))):
        fixture.hook.status, fixture.mail.answer = status, answer
        fixture.hook.headers = {"Location": f"http://127.0.0.1:{fixture.hook.port}/elsewhere"}
        calls = len(fixture.hook.requests)
        fixture.give(20 + number, "refused")
        wait_until("the webhook is given up", lambda: [each for each in fixture.notifications(f"{20 + number} points")
                                                       if each["channel"] == "webhook" and each["state"] == "given_up"])
        assert len(fixture.hook.requests) == calls + 1, "a redirection is not followed"
    wait_until("the mail is given up", lambda: [each for each in fixture.notifications("21 points")
                                                if each["channel"] == "mail" and each["state"] == "given_up"])
    fixture.hook.status, fixture.mail.answer, fixture.hook.headers = 204, 250, {}


@case
def a_finished_job_notifies_only_its_owner(fixture):
    fixture.grid.sql("INSERT INTO activity (created_at, kind, user_id, job_id, message) SELECT UTC_TIMESTAMP(3), 'job_finished', "
                 "id, 42, 'Job 42 (cube) is finished: 3 frames' FROM user WHERE name = 'admin'")
    fixture.grid.sql("INSERT INTO activity (created_at, kind, user_id, job_id, message) SELECT UTC_TIMESTAMP(3), 'job_finished', "
                 "id, 43, 'Job 43 (cube) is finished: 3 frames' FROM user WHERE name = 'ben'")
    wait_until("ben is told", lambda: {each["state"] for each in fixture.notifications("Job 43")} == {"sent"})
    assert not fixture.notifications("Job 42")
    content = json.loads(fixture.hook.requests[-1][1])
    assert content["job_id"] == 43 and content["url"].endswith("#/jobs/43"), content


@case
def a_test_comes_at_once(fixture):
    before = len(fixture.mail.mails)
    assert fixture.api("POST", "/api/v1/notifications/test", {"channel": "mail"})[0] == 204
    wait_until("the test arrives", lambda: len(fixture.mail.mails) > before)
    text = fixture.mail.text(-1)
    assert "This is a test" in text, text


@case
def no_secret_is_in_the_log(fixture):
    with open(fixture.grid.log, encoding="utf-8") as file:
        log = file.read()
    assert fixture.code not in log
    assert fixture.secret not in log and base64.b64encode(fixture.secret.encode()).decode() not in log


@case
def a_grid_that_does_not_allow_it_calls_nobody_in_its_own_network(fixture):
    fixture.grid.stop()
    fixture.grid.settings["webhook.private_addresses"] = False
    fixture.grid.write_config()
    fixture.grid.start()
    calls = len(fixture.hook.requests)
    status, answer = fixture.api("PATCH", "/api/v1/notifications/preferences",
                             {"webhook_url": f"http://127.0.0.1:{fixture.hook.port}/"})
    assert status == 400 and "https://" in answer["detail"], answer
    for host in ("127.0.0.1", "localhost", "0"):
        status, answer = fixture.api("PATCH", "/api/v1/notifications/preferences",
                                 {"webhook_url": f"https://{host}:{fixture.hook.port}/"})
        assert status == 200, answer
        assert fixture.api("POST", "/api/v1/notifications/test", {"channel": "webhook"})[0] == 204
        wait_until("it is given up", lambda: fixture.notifications("This is a test")[0]["state"] == "given_up")
        assert "private network" in fixture.notifications("This is a test")[0]["problem"]
    assert len(fixture.hook.requests) == calls


if __name__ == "__main__":
    run(fixture, lambda made: made.grid.evidence())
