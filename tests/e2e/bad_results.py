#!/usr/bin/env python3
"""Forged, repeated and invalid results are rejected with a reason, and nothing of them is stored."""
import contextlib
import os
import struct
import sys
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from malicious_slave import Line, accepted, digest_of, order_for, image, slave  # noqa: E402
from programs import scenes  # noqa: E402
from tap import case, run, wait_until  # noqa: E402


@contextlib.contextmanager
def fixture():
    with Grid() as grid:
        grid.before = grid.descriptors_at_rest()
        yield grid


def images(grid):
    """Uploads of slaves without a verdict."""
    return {name for name in os.listdir(os.path.join(grid.home, "stor", "upload")) if name.endswith(".part")}


@case
def a_forged_lease_is_rejected(grid):
    with order_for(grid) as (line, order):
        content = image()
        upload = line.upload(order, content)
        task, attempt, number, expiry, mac = order["lease"].split(".", 4)
        for lease in (order["lease"][:-1] + ("A" if order["lease"][-1] != "A" else "B"), "", "x" * 5000, 7,
                      ".".join([task, attempt, number, str(int(expiry) + 10**9), mac]),
                      ".".join([str(int(task) + 1), attempt, number, expiry, mac])):
            line.result(order, content, upload, lease=lease)
            verdict = line.verdict()
            assert verdict["verdict"] == "rejected" and "lease" in verdict["message"], (lease, verdict)
        line.result(order, content, upload, attempt=order["attempt"] + 1)
        assert line.verdict()["verdict"] == "rejected"
        with Line(grid).welcome(slave(grid, "thief")).announce(slots=0, holding=[order]) as thief:
            assert thief.expect("cancel")["attempts"] == [order["attempt"]]
            thief.result(order, content, upload)
            assert thief.verdict()["verdict"] == "rejected"
        # The honest holder is not affected.
        line.result(order, content, upload)
        assert accepted(line.verdict(), order)
        assert grid.wait(order["job"])["state"] == "finished"


def rejected_image(sentence, content, *words):
    """A case: this image is rejected with these words, nothing of it is stored, and the owner sees the reason."""
    def check(grid):
        with order_for(grid) as (line, order):
            body = content() if callable(content) else content
            upload = line.upload(order, body)
            assert isinstance(upload, str), (upload, line.refusal)
            line.result(order, body, upload)
            verdict = line.verdict()
            assert verdict["verdict"] == "rejected", verdict
            missing = [word for word in words if word not in verdict["message"]]
            assert not missing, f"the reason lacks {missing}: {verdict}"
            wait_until("the owner sees the reason",
                       lambda: (grid.tasks(order["job"])[0]["failure"] or {}).get("message") == verdict["message"])
            assert grid.tasks(order["job"])[0]["failure"]["code"] == verdict["code"], (grid.tasks(order["job"]), verdict)
            assert not os.path.isdir(grid.output(order["job"])) or not os.listdir(grid.output(order["job"]))
            assert grid.job(order["job"])["tasks"]["finished"] == 0
    check.__name__ = sentence
    case(check)


def bomb():
    """A PNG that declares 100,000 x 100,000 pixels."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 100000, 100000, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(b"\0" * 1000000)) + chunk(b"IEND", b""))


rejected_image("an_image_of_the_wrong_size_is_rejected", lambda: image(32, 18), "32", "18", "64", "36")
rejected_image("a_file_that_is_not_an_image_is_rejected", b"This is a letter.\n" * 100)
rejected_image("an_empty_image_is_rejected", b"")
rejected_image("a_truncated_image_is_rejected", lambda: image()[:2000])
rejected_image("an_image_that_decompresses_to_gigabytes_is_rejected", bomb)


@case
def a_result_that_describes_another_file_than_the_upload_is_rejected(grid):
    with order_for(grid) as (line, order):
        upload = line.upload(order, image(seed=1))
        line.result(order, image(seed=2), upload)
        verdict = line.verdict()
        assert verdict["verdict"] == "rejected" and "not the file" in verdict["message"], verdict


@case
def an_upload_that_contradicts_its_metadata_is_rejected(grid):
    with order_for(grid) as (line, order):
        content = image()
        assert line.upload(order, content, digest="0" * 64) == 460, line.refusal
        assert line.upload(order, content, digest="not a digest") == 400, line.refusal
        assert line.upload(order, content, size=order["output"]["max_bytes"] + 1) == 413, line.refusal
        assert line.upload({**order, "upload": order["upload"].replace("slave=", "slave=1")}, content) == 403
        assert line.upload({**order, "upload": order["upload"].split("?")[0]}, content) == 401


@case
def an_unknown_upload_id_requests_another_upload(grid):
    with order_for(grid) as (line, order):
        content = image()
        for upload in ("0" * 32, "../../key", "", "x" * 10000, "\0"):
            line.result(order, content, upload)
            verdict = line.verdict()
            assert verdict["verdict"] == "retry" and verdict.get("upload_again") is True, (upload, verdict)
        with order_for(grid, "other") as (other, its_order):
            theirs = other.upload(its_order, content)
        line.result(order, content, theirs)
        assert line.verdict()["verdict"] == "retry", "another slave's upload counted"
        assert grid.api("DELETE", "/api/v1/uploads/" + theirs, token="", headers={"Tus-Resumable": "1.0.0"})[0] == 204
        line.deliver(order, content)


@case
def a_slave_cannot_fill_the_disk_with_images_of_one_frame(grid):
    before = images(grid)
    with order_for(grid) as (line, order):
        for seed in range(5):
            upload = line.upload(order, image(seed=seed))
        assert len(images(grid) - before) == 1, images(grid)
        line.result(order, image(seed=4), upload)
        assert line.verdict()["verdict"] == "accepted"


@case
def a_result_without_a_file_is_rejected(grid):
    with order_for(grid) as (line, order):
        line.send({"type": "result", "attempt": order["attempt"], "lease": order["lease"], "outcome": "done"})
        verdict = line.verdict()
        assert verdict["verdict"] == "rejected" and "output" in verdict["message"], verdict


@case
def the_same_result_reported_twice_counts_once(grid):
    with order_for(grid) as (line, order):
        content = image()
        upload = line.upload(order, content)
        for _ in range(3):
            line.result(order, content, upload)
        for _ in range(3):
            verdict = line.verdict()
            while verdict["verdict"] == "retry":  # the first of them is still being stored
                time.sleep(verdict["retry_ms"] / 1000)
                line.result(order, content, upload)
                verdict = line.verdict()
            assert accepted(verdict, order), verdict
        assert grid.wait(order["job"])["state"] == "finished"
        grid.check_once(order["job"])


@case
def an_accepted_frame_is_not_changed_by_a_second_image(grid):
    with order_for(grid) as (line, order):
        content = line.deliver(order)
        line.upload(order, image(seed=99))
        line.result(order, image(seed=99), line.upload(order, image(seed=99)))
        line.verdict()
        assert grid.wait(order["job"])["state"] == "finished"
        assert grid.tasks(order["job"])[0]["outputs"][0]["sha256"] == digest_of(content)
        grid.check_once(order["job"])


@case
def a_returned_or_abandoned_attempt_cannot_upload_its_image_later(grid):
    with open(os.path.join(scenes(), "plain.blend"), "rb") as file:
        status, made = grid.post_job({"plain.blend": file.read()}, frames="1-2")
    assert status == 201, made
    job = made["id"]
    with Line(grid).welcome(slave(grid, "ghost")).announce(slots=2) as ghost:
        returned, left_out = ghost.expect_order(), ghost.expect_order()
        ghost.send({"type": "result", "attempt": returned["attempt"], "lease": returned["lease"], "outcome": "returned",
                    "message": "busy"})
        assert ghost.verdict()["verdict"] == "accepted"
        ghost.announce(slots=0)  # and omits the other
        with Line(grid).welcome(slave(grid, "honest")).announce(slots=2) as honest:
            orders = {order["task"]: order for order in (honest.expect_order(), honest.expect_order())}
            for old in (returned, left_out):
                content = image(seed=666)
                ghost.result(old, content, ghost.upload(old, content))
                assert ghost.verdict()["verdict"] == "rejected"
                assert not os.path.exists(os.path.join(grid.output(job), old["output"]["name"]))
            assert grid.rendering(job) == 2, grid.job(job)
            for order in orders.values():
                honest.deliver(order)
    assert grid.wait(job)["state"] == "finished"
    grid.check_once(job)


@case
def an_overlong_failure_reason_is_stored_shortened(grid):
    with order_for(grid) as (line, order):
        line.send({"type": "result", "attempt": order["attempt"], "lease": order["lease"], "outcome": "failed",
                   "code": "camera_missing", "message": "\u20ac<script>" * 500 + "\n\0\x1b[2J", "log": "y" * 20000})
        assert line.verdict()["verdict"] == "accepted"
        wait_until("the owner sees it", lambda: grid.tasks(order["job"])[0]["failure_count"] == 1)
        failure = grid.tasks(order["job"])[0]["failure"]
        assert failure["code"] == "camera_missing" and 0 < len(failure["message"]) <= 1000, failure


@case
def no_upload_and_no_descriptor_is_left_behind(grid):
    with order_for(grid, "honest") as (line, order):
        line.deliver(order)
        assert grid.wait(order["job"])["state"] == "finished"
        grid.check_once(order["job"])
    before = grid.before
    wait_until(f"descriptors come back to {before}", lambda: grid.descriptors() <= before)
    wait_until("no image is left", lambda: not images(grid))


if __name__ == "__main__":
    run(fixture, Grid.evidence)
