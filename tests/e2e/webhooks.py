#!/usr/bin/env python3
"""Webhooks of a real server, read as Standard Webhooks says: signed, sent once, tried again, by hand, too; and receivers
that are slow, redirect, want no more, fail, or answer without end. Nothing goes into a private network unless allowed."""
import base64
import contextlib
import hashlib
import hmac
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from api_document import Document  # noqa: E402
from grid import Grid  # noqa: E402
from notification_sinks import HookSink  # noqa: E402
from tap import case, run, wait_until  # noqa: E402

HOOKS = "/api/v1/webhooks"


def verify(secret, headers, body):
    """A receiver of its own, by the text of the standard: the payload, or an AssertionError."""
    headers = {name.lower(): value for name, value in headers.items()}
    stamp = int(headers["webhook-timestamp"])
    assert abs(stamp - time.time()) < 300, "too old"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = hmac.new(key, b"%s.%d.%s" % (headers["webhook-id"].encode(), stamp, body), hashlib.sha256).digest()
    for signature in headers["webhook-signature"].split(" "):
        version, _, value = signature.partition(",")
        if version == "v1" and hmac.compare_digest(base64.b64decode(value), wanted):
            return json.loads(body)
    raise AssertionError("no signature fits")


class Fixture:
    def __init__(self, grid, hook):
        self.grid, self.hook, self.document = grid, hook, Document()
        self.ben = grid.sign_up("ben")
        self.url = f"http://127.0.0.1:{hook.port}/hook?x=1"

    def api(self, *request, **more):
        return self.grid.api(*request, token=self.ben, **more)

    def create(self, *topics, url=None):
        status, made = self.api("POST", HOOKS, {"url": url or self.url, "topics": list(topics)})
        assert status == 201, made
        return made

    def happen(self, kind, job="NULL", message="it happened"):
        self.grid.sql("INSERT INTO activity (created_at, kind, user_id, job_id, message) SELECT UTC_TIMESTAMP(3), "
                      f"'{kind}', id, {job}, '{message}' FROM user WHERE name = 'ben'")

    def deliveries(self, hook):
        return self.api("GET", f"{HOOKS}/{hook['id']}/deliveries")[1]["items"]

    def test(self, hook):
        """Sends a test and waits for its first try."""
        status, made = self.api("POST", f"{HOOKS}/{hook['id']}/test")
        assert status == 202 and made["state"] == "waiting", made
        return wait_until("it was tried", lambda: [each for each in self.deliveries(hook) if each["id"] == made["id"]
                                                   and (each["problem"] or each["state"] != "waiting")], 60)[0]

    def change(self, hook, **members):
        status, now = self.api("PATCH", f"{HOOKS}/{hook['id']}", members)
        assert status == 200, now
        return now

    def valid(self, schema, answer):
        faults = self.document.faults({"$ref": f"#/components/schemas/{schema}"}, answer)
        assert not faults, faults


@contextlib.contextmanager
def fixture():
    with HookSink() as hook, Grid({"webhook.private_addresses": True}) as grid:
        yield Fixture(grid, hook)


@case
def the_standards_own_example_is_verified(fixture):
    body = b'{"test": 2432232314}'
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = hmac.new(key, b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330." + body, hashlib.sha256).digest()
    assert base64.b64encode(made) == b"g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@case
def a_secret_is_shown_once(fixture):
    made = fixture.create("job.finished", "points")
    fixture.valid("WebhookWithSecret", made)
    fixture.made, fixture.secret = made, made["secret"]
    assert made["topics"] == ["job.finished", "points.changed"], made
    for path in (HOOKS, f"{HOOKS}/{made['id']}"):
        status, answer = fixture.api("GET", path)
        assert status == 200 and fixture.secret not in str(answer) and "secret" not in answer, answer
    fixture.valid("Webhook", answer)
    assert fixture.grid.api("GET", f"{HOOKS}/{made['id']}")[0] == 404, "nobody sees those of others"


@case
def a_create_that_is_sent_again_is_answered_as_before(fixture):
    body = {"url": fixture.url + "&twice", "topics": ["slave"]}
    answers = [fixture.api("POST", HOOKS, body, headers={"Idempotency-Key": "one"}) for _ in range(2)]
    assert answers[0] == answers[1] and answers[0][0] == 201, answers
    assert fixture.api("DELETE", f"{HOOKS}/{answers[0][1]['id']}")[0] == 204
    assert fixture.api("DELETE", f"{HOOKS}/{answers[0][1]['id']}")[0] == 404


@case
def an_event_arrives_once_and_verifies(fixture):
    fixture.happen("job_finished", 43, "Job 43 (cube) is finished: 3 frames")
    fixture.happen("job_paused", 43, "not a topic of it")
    wait_until("the webhook is called", lambda: fixture.hook.requests)
    headers, body = fixture.hook.requests[0]
    content = verify(fixture.secret, headers, body)
    fixture.valid("WebhookJobEvent", content)
    assert content["type"] == "job.finished" and content["data"]["id"] == 43 and "(cube)" in content["data"]["message"], content
    assert headers["Content-Type"] == "application/json" and headers["webhook-id"].startswith("msg_"), headers
    for wrong in ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", fixture.secret[:-4] + "AAA="):
        with contextlib.suppress(AssertionError):
            verify(wrong, headers, body)
            raise SystemExit("a wrong secret verifies")
    wait_until("it is known to be sent", lambda: fixture.deliveries(fixture.made)[0]["state"] == "sent")
    sent = fixture.deliveries(fixture.made)[0]
    fixture.valid("WebhookDelivery", sent)
    assert sent["response_status"] == 204 and sent["message_id"] == headers["webhook-id"], sent
    assert len(fixture.hook.requests) == 1, fixture.hook.requests


@case
def points_that_are_given_are_an_event(fixture):
    status, answer = fixture.grid.api("POST", "/api/v1/adjustments", {"to": "ben", "millipoints": 7500, "reason": "for the höckers ☀"},
                                      headers={"Idempotency-Key": "k1"})
    assert status == 201, answer
    wait_until("the webhook is called", lambda: len(fixture.hook.requests) == 2)
    content = verify(fixture.secret, *fixture.hook.requests[1])
    fixture.valid("WebhookMessageEvent", content)
    assert content["type"] == "points.changed" and "7.5 points" in content["data"]["message"] and "höckers ☀" in content["data"]["message"], content


@case
def a_failed_delivery_is_tried_again_after_a_restart_under_its_number(fixture):
    fixture.hook.status = 500
    failed = fixture.test(fixture.made)
    assert failed["state"] == "waiting" and failed["response_status"] == 500 and failed["next_attempt_at"], failed
    fixture.valid("Webhook", fixture.api("GET", f"{HOOKS}/{fixture.made['id']}")[1])
    assert fixture.api("GET", f"{HOOKS}/{fixture.made['id']}")[1]["failing_since"]
    fixture.grid.stop()
    fixture.hook.status = 204
    fixture.grid.start()
    fixture.grid.sql("UPDATE webhook_delivery SET due_at = UTC_TIMESTAMP(3) WHERE state = 'waiting'")
    wait_until("it is taken", lambda: fixture.deliveries(fixture.made)[0]["state"] == "sent")
    ids = [headers["webhook-id"] for headers, _ in fixture.hook.requests[-2:]]
    assert ids[0] == ids[1] == failed["message_id"], ids
    assert fixture.api("GET", f"{HOOKS}/{fixture.made['id']}")[1]["failing_since"] is None


@case
def what_was_taken_is_sent_again_by_hand(fixture):
    sent = fixture.deliveries(fixture.made)[0]
    calls = len(fixture.hook.requests)
    status, again = fixture.api("POST", f"{HOOKS}/{fixture.made['id']}/deliveries/{sent['id']}/resend")
    assert status == 202 and again["state"] == "waiting", again
    wait_until("it arrives again", lambda: len(fixture.hook.requests) == calls + 1)
    assert fixture.hook.requests[-1][0]["webhook-id"] == sent["message_id"]
    assert fixture.api("POST", f"{HOOKS}/{fixture.made['id']}/deliveries/99999/resend")[0] == 404


@case
def both_secrets_sign_while_one_is_replaced(fixture):
    status, rotated = fixture.api("POST", f"{HOOKS}/{fixture.made['id']}/rotate")
    assert status == 200 and rotated["secret"] != fixture.secret and rotated["previous_secret_expires_at"], rotated
    fixture.test(fixture.made)
    headers, body = fixture.hook.requests[-1]
    assert len(headers["webhook-signature"].split(" ")) == 2, headers
    assert verify(fixture.secret, headers, body) == verify(rotated["secret"], headers, body)
    fixture.grid.sql("UPDATE webhook SET previous_secret_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND")
    fixture.test(fixture.made)
    headers, body = fixture.hook.requests[-1]
    assert len(headers["webhook-signature"].split(" ")) == 1 and verify(rotated["secret"], headers, body), headers
    fixture.secret = rotated["secret"]


@case
def a_redirection_is_not_followed(fixture):
    fixture.hook.status, fixture.hook.headers = 302, {"Location": f"http://127.0.0.1:{fixture.hook.port}/elsewhere"}
    calls = len(fixture.hook.requests)
    tried = fixture.test(fixture.made)
    assert tried["response_status"] == 302 and "redirections" in tried["problem"], tried
    assert len(fixture.hook.requests) == calls + 1
    fixture.hook.status, fixture.hook.headers = 204, {}


@case
def an_answer_without_end_is_cut_off_and_its_status_counts(fixture):
    fixture.hook.answer = b"x" * (20 << 20)
    for status, state in ((200, "sent"), (201, "sent"), (500, "waiting")):
        fixture.hook.status = status
        began = time.monotonic()
        tried = fixture.test(fixture.made)
        assert tried["state"] == state and tried["response_status"] == status, tried
        assert time.monotonic() - began < 20
    fixture.hook.status, fixture.hook.answer = 204, b""


@case
def a_slow_receiver_is_given_twenty_seconds_and_delays_nobody_else(fixture):
    fixture.hook.delay = 30
    slow = fixture.test(fixture.made)
    fixture.hook.delay = 0
    assert slow["state"] == "waiting" and slow["response_status"] is None, slow
    calls = len(fixture.hook.requests)
    assert fixture.api("POST", f"{HOOKS}/{fixture.made['id']}/test")[0] == 202
    other = fixture.grid.api("POST", HOOKS, {"url": fixture.url, "topics": ["job"]})[1]
    assert fixture.grid.api("POST", f"{HOOKS}/{other['id']}/test")[0] == 202
    wait_until("the one of somebody else is called", lambda: len(fixture.hook.requests) > calls)
    assert fixture.deliveries(fixture.made)[0]["try_count"] == 0, "ten minutes of rest"
    assert fixture.grid.api("DELETE", f"{HOOKS}/{other['id']}")[0] == 204
    fixture.grid.restart()  # which forgets who is slow
    fixture.grid.sql("UPDATE webhook_delivery SET due_at = UTC_TIMESTAMP(3) WHERE state = 'waiting'")
    wait_until("all are taken", lambda: {each["state"] for each in fixture.deliveries(fixture.made)} == {"sent"})


@case
def a_410_disables_the_webhook(fixture):
    fixture.hook.status = 410
    ended = fixture.test(fixture.made)
    assert ended["state"] == "given_up" and ended["response_status"] == 410, ended
    now = fixture.api("GET", f"{HOOKS}/{fixture.made['id']}")[1]
    assert now["is_enabled"] is False and "410" in now["disabled_reason"], now
    status, refused = fixture.api("POST", f"{HOOKS}/{fixture.made['id']}/test")
    assert status == 409 and "enable it first" in refused["detail"], refused
    fixture.hook.status = 204
    now = fixture.change(fixture.made, is_enabled=True)
    assert now["is_enabled"] and now["disabled_reason"] is None, now
    assert fixture.test(fixture.made)["state"] == "sent"


@case
def another_revision_is_left_as_it_is(fixture):
    status, refused = fixture.api("PATCH", f"{HOOKS}/{fixture.made['id']}", {"is_enabled": False}, headers={"If-Match": '"r1"'})
    assert status == 412 and refused["code"] == "precondition_failed", refused


@case
def a_webhook_that_cannot_be_is_refused(fixture):
    for body in ({}, {"url": fixture.url}, {"url": fixture.url, "topics": []}, {"url": fixture.url, "topics": ["pigeon"]},
                 {"url": fixture.url, "topics": ["job.updated"]}, {"url": "x", "topics": ["job"]},
                 {"url": "http://user:secret@example.org/", "topics": ["job"]}, {"url": 1, "topics": ["job"]},
                 {"url": fixture.url, "topics": "job"}, {"url": fixture.url, "topics": ["job"], "secret": "whsec_"},
                 {"url": "http://x/" + "y" * 1000, "topics": ["job"]}):
        status, refused = fixture.api("POST", HOOKS, body)
        assert status == 400 and refused["errors"], (body, refused)
    for _ in range(9):
        fixture.create("job")
    status, refused = fixture.api("POST", HOOKS, {"url": fixture.url, "topics": ["job"]})
    assert status == 409 and refused["code"] == "quota_exceeded", refused


@case
def no_secret_is_in_the_log(fixture):
    with open(fixture.grid.log, encoding="utf-8") as file:
        log = file.read()
    assert fixture.secret not in log and "hook?x=1" not in log and "msg_" not in log


@case
def a_grid_that_does_not_allow_it_calls_nobody_in_its_own_network(fixture):
    fixture.grid.stop()
    fixture.grid.settings["webhook.private_addresses"] = False
    fixture.grid.write_config()
    fixture.grid.start()
    calls = len(fixture.hook.requests)
    status, refused = fixture.api("PATCH", f"{HOOKS}/{fixture.made['id']}", {"url": f"http://127.0.0.1:{fixture.hook.port}/"})
    assert status == 400 and "https://" in refused["detail"], refused
    for host in ("127.0.0.1", "localhost", "0"):
        fixture.change(fixture.made, url=f"https://{host}:{fixture.hook.port}/")
        ended = fixture.test(fixture.made)
        assert ended["state"] == "given_up" and "private network" in ended["problem"], ended
    assert len(fixture.hook.requests) == calls


if __name__ == "__main__":
    run(fixture, lambda made: made.grid.evidence())
