#!/usr/bin/env python3
"""Notifications of a real server to a mail server: to confirmed addresses, sent once, retried after a restart."""
import contextlib
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from notification_sinks import MailSink  # noqa: E402
from tap import case, run, wait_until  # noqa: E402

ALL = [{"kind": kind, "channel": channel} for kind in ("job_done", "job_paused", "slave_offline", "points")
       for channel in ("mail", "browser")]


class Fixture:
    def __init__(self, grid, mail):
        self.grid, self.mail = grid, mail
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
    with MailSink() as mail, Grid({"mail.server": f"smtp://127.0.0.1:{mail.port}", "mail.from": "grid@example.org",
                                   "mail.tls": "off"}) as grid:
        yield Fixture(grid, mail)


@case
def no_notification_is_sent_by_default(fixture):
    fixture.give(1, "first")
    email = {"email": "ben@example.org", "current_password": "correct horse battery"}
    assert fixture.api("PATCH", "/api/v1/users/me", email)[0] == 200
    status, answer = fixture.api("GET", "/api/v1/notifications/preferences")
    assert status == 200 and answer["email"] == "ben@example.org" and not answer["choices"], answer
    assert not fixture.mail.mails


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
    assert len(fixture.notifications("7.5")) == 2 and not fixture.notifications("first")


@case
def a_failed_delivery_is_retried_after_a_restart(fixture):
    fixture.mail.answer = 451
    fixture.give(9.25, "later")
    wait_until("it was tried", lambda: [each for each in fixture.notifications("9.25") if each["try_count"] == 1
                                        and each["problem"] and each["channel"] == "mail"])
    waiting = next(each for each in fixture.notifications("9.25") if each["channel"] == "mail")
    assert waiting["state"] == "waiting" and "451" in waiting["problem"], waiting
    fixture.grid.stop()
    fixture.mail.answer = 250
    fixture.grid.start()
    fixture.grid.sql("UPDATE notification SET due_at = UTC_TIMESTAMP(3) WHERE state = 'waiting'")
    wait_until("it is sent", lambda: {each["state"] for each in fixture.notifications("9.25")} == {"sent"})
    assert len(fixture.mail.mails) == 2


@case
def a_permanent_error_ends_a_delivery(fixture):
    fixture.mail.answer = 550
    fixture.give(21, "refused")
    wait_until("the mail is given up", lambda: [each for each in fixture.notifications("21 points")
                                                if each["channel"] == "mail" and each["state"] == "given_up"])
    fixture.mail.answer = 250


@case
def a_finished_job_notifies_only_its_owner(fixture):
    fixture.grid.sql("INSERT INTO activity (created_at, kind, user_id, job_id, message) SELECT UTC_TIMESTAMP(3), 'job_finished', "
                 "id, 42, 'Job 42 (cube) is finished: 3 frames' FROM user WHERE name = 'admin'")
    fixture.grid.sql("INSERT INTO activity (created_at, kind, user_id, job_id, message) SELECT UTC_TIMESTAMP(3), 'job_finished', "
                 "id, 43, 'Job 43 (cube) is finished: 3 frames' FROM user WHERE name = 'ben'")
    wait_until("ben is told", lambda: {each["state"] for each in fixture.notifications("Job 43")} == {"sent"})
    assert not fixture.notifications("Job 42")
    assert "#/jobs/43" in fixture.mail.text(-1), fixture.mail.text(-1)


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


if __name__ == "__main__":
    run(fixture, lambda made: made.grid.evidence())
