#!/usr/bin/env python3
"""A slave and its server: invalid orders, lost connections, kill -9. Nothing is lost."""
import contextlib
import json
import os
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from fake_server import PATIENCE  # noqa: E402
from slave_fixture import accept, failed, frame, run_cases, until  # noqa: E402


# --- orders and messages -------------------------------------------------------------------------------------------


def a_cancelled_frame_ends_without_a_result(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang"))
    line.expect("progress", attempt=1, phase="rendering")
    line.send({"type": "cancel", "attempts": [1], "code": "job_ended", "message": "job 1 was cancelled by its owner"})
    assert frame(server, line, 2, "good", job=2)["outcome"] == "done"
    assert not [m for m in line.kept if m["type"] == "result" and m["attempt"] == 1], line.kept


def paths_outside_the_job_are_rejected(server, slave):
    line = slave.signed_on()
    digest = server.add(b"good")
    for attempt, path in enumerate(["../scene.blend", "/tmp/scene.blend", "a/../../b.blend", "x\\y.blend"], 1):
        result = frame(server, line, attempt, "good", files=[(path, digest, 4)])
        assert result["outcome"] == "failed", result
    assert server.gets == []


def wrong_parameters_are_rejected_by_name(server, slave):
    failed(server, slave, "good", "renderer_missing", "samples", parameters={"samples": -3})


def a_newer_file_is_rejected_with_both_versions(server, slave):
    failed(server, slave, "good", "renderer_missing", "4.2", "3.4.1", version="4.2")


def an_unknown_method_is_rejected(server, slave):
    failed(server, slave, "good", "renderer_missing", "maya", method="maya")


def a_file_with_another_digest_is_rejected(server, slave):
    line = slave.signed_on()
    digest = server.add(b"good")
    server.blobs[digest] = b"evil"
    result = frame(server, line, 1, "x", files=[("scene.blend", digest, 4)])
    assert result["outcome"] == "failed" and "SHA-256" in result["message"], result
    assert result["code"] == "download_failed", result


def result_of(line, attempt):
    result = line.expect("result", attempt=attempt)
    accept(line, result)
    return result


def a_file_that_the_server_does_not_have_is_missing_of_the_job(server, slave):
    line = slave.signed_on()
    digest = server.add(b"good")
    del server.blobs[digest]
    line.send({**server.order(1, b"x", files=[("scene.blend", digest, 4)])})
    assert result_of(line, 1)["code"] == "input_missing"


def answer_refresh(server, line, attempt, behaviour, **changes):
    """The order of this attempt with new addresses, when the slave asks for them."""
    asked = line.expect("refresh", attempt=attempt)
    assert asked["lease"] == "lease-%d" % attempt, asked
    line.send({**server.order(attempt, behaviour, **changes), "type": "order_update"})


def expired_addresses_are_renewed_before_a_download(server, slave):
    line = slave.signed_on()
    past = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 60))
    line.send(server.order(1, b"good", urls_expire_at=past))
    answer_refresh(server, line, 1, b"good", urls_expire_at="2100-01-01T00:00:00.000Z")
    assert result_of(line, 1)["outcome"] == "done"
    assert len(server.gets) == 1, server.gets


def addresses_that_the_server_calls_expired_are_renewed_for_downloads_and_uploads(server, slave):
    server.expired = ("/old", "signature=old")
    line = slave.signed_on()
    order = server.order(1, b"good", upload="/api/v1/uploads?attempt=1&signature=old")
    order["inputs"][0]["url"] += "/old"
    line.send(order)
    answer_refresh(server, line, 1, b"good", upload="/api/v1/uploads?attempt=1&signature=old")
    answer_refresh(server, line, 1, b"good")
    result = result_of(line, 1)
    assert result["outcome"] == "done" and server.uploaded(result).startswith(b"\x89PNG"), result


def another_order_in_place_of_new_addresses_is_not_taken(server, slave):
    server.expired = ("/old",)
    line = slave.signed_on()
    order = server.order(1, b"good")
    order["inputs"][0]["url"] += "/old"
    line.send(order)
    answer_refresh(server, line, 1, b"another scene")
    result = result_of(line, 1)
    assert result["outcome"] in ("failed", "returned") and "another order" in result["message"], result


def files_come_from_the_origins_of_the_welcome_alone(server, slave):
    line = slave.signed_on()
    order = server.order(1, b"good")
    order["inputs"][0]["url"] = server.url.replace("127.0.0.1", "localhost") + order["inputs"][0]["url"]
    line.send(order)
    result = result_of(line, 1)
    assert result["outcome"] != "done" and "leads away" in result["message"] and server.gets == [], result
    line.close()
    server.welcome["file_origins"] = [server.url.replace("127.0.0.1", "localhost")]
    line = server.next_line()
    order["attempts"][0].update(attempt=2, lease="lease-2")
    line.send(order)
    assert result_of(line, 2)["outcome"] == "done"


def an_interrupted_download_is_resumed(server, slave):
    server.cut_downloads = 1
    line = slave.signed_on()
    assert frame(server, line, 1, "good" + " " * 5000)["outcome"] == "done"
    assert server.gets[1][1] == "bytes=2502-", server.gets


def an_order_beyond_the_limit_is_returned(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang"))
    line.expect("progress", attempt=1, phase="rendering")
    result = frame(server, line, 2, "good")
    assert result["outcome"] == "returned" and "room" in result["message"], result


an_order_beyond_the_limit_is_returned.settings = {"max_orders": 1}


def a_second_order_is_queued_when_allowed(server, slave):
    line = slave.signed_on()
    assert line.announce["slots"] == 1 and line.announce["max_orders"] == 2
    for attempt in (1, 2):
        line.send(server.order(attempt, b"good", attempt))
    for attempt in (1, 2):
        result = line.expect("result", attempt=attempt)
        assert result["outcome"] == "done", result
        accept(line, result)


a_second_order_is_queued_when_allowed.settings = {"max_orders": 2}


def files_of_the_next_order_are_fetched_during_rendering(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang"))
    line.expect("progress", attempt=1, phase="rendering")
    before = len(server.gets)
    line.send(server.order(2, b"good", job=2))
    end = time.monotonic() + PATIENCE
    while len(server.gets) == before or not any(name.startswith("2-") and not name.endswith(".new")
                                                for name in os.listdir(slave.folder + "/state/jobs")):
        assert time.monotonic() < end, "the files of the second order were not fetched"
        time.sleep(0.02)
    got = len(server.gets)
    line.send({"type": "cancel", "attempts": [1], "code": "job_ended", "message": "job 1 was cancelled by its owner"})
    assert line.expect("result", attempt=2)["outcome"] == "done"
    assert len(server.gets) == got, server.gets


files_of_the_next_order_are_fetched_during_rendering.settings = {"max_orders": 2}


def garbage_gets_an_error_and_does_no_harm(server, slave):
    line = slave.signed_on()
    line.send_bytes(b"garbage\n[1,2]\n{}\n\n" + b"\xff\xfe\n")
    line.expect("error")
    line.send({"type": "dance"})
    assert "dance" in line.expect("error", message="unknown type dance")["message"]
    line.send({"type": "order"})
    line.send({"type": "verdict", "attempt": "x", "verdict": "accepted"})
    line.send({"type": "ping"})
    line.expect("pong")
    assert frame(server, line, 1, "good")["outcome"] == "done"


def a_deeply_nested_order_is_rejected_and_does_no_harm(server, slave):
    line = slave.signed_on()
    deep = b"[" * 2_000_000 + b"]" * 2_000_000
    line.send_bytes(b'{"type":"order","attempts":[{"attempt":1,"lease":"x"}],"parameters":' + deep[:30000] + deep[-30000:] + b"}\n")
    assert "nested too deep" in line.expect("error")["message"]
    listed = server.order(2, b"good", inputs_url="/api/v1/lists/deep")
    server.blobs["deep"] = b'{"inputs":' + deep + b"}"
    line.send({**listed, "inputs": []})
    result = line.expect("result", attempt=2)
    assert result["outcome"] == "returned" and "is none" in result["message"], result
    accept(line, result)


def files_and_uploads_at_foreign_addresses_are_rejected(server, slave):
    """A private service of the volunteer on this machine gets no connection."""
    connections = []
    with socket.create_server(("127.0.0.1", 0)) as service:
        def listen():
            with contextlib.suppress(OSError):
                while True:
                    service.accept()[0].close()
                    connections.append(1)
        threading.Thread(target=listen, daemon=True).start()
        there = "http://127.0.0.1:%d/private?x=secret" % service.getsockname()[1]
        line = slave.signed_on()
        digest = server.add(b"good")
        for attempt, changes in enumerate((
                {"inputs": [{"path": "scene.blend", "sha256": digest, "size_bytes": 4, "url": there}]},
                {"inputs": [], "inputs_url": there}, {"upload": there},
                {"upload": there.replace("http:", "https:")}, {"upload": "//" + there.split("//")[1]}), 1):
            line.send(server.order(attempt, b"good", job=attempt, **changes))
            result = line.expect("result", attempt=attempt)
            assert result["outcome"] == "failed" and "address" in result["message"], result
            assert "secret" not in result["message"], result
            accept(line, result)
        slave.wait_for_empty_outbox()
        assert frame(server, line, 9, "good", job=9)["outcome"] == "done"  # a connection would have been counted by now
        assert not connections, "the slave connected to it"


def a_message_of_the_greatest_length_is_read(server, slave):
    line = slave.signed_on()
    order = server.order(1, b"good")
    order["of_the_future"] = ""
    order["of_the_future"] = "x" * (65536 - len(json.dumps(order)))
    assert len(json.dumps(order)) == 65536
    line.send(order)
    result = line.expect("result", attempt=1)
    assert result["outcome"] == "done", result
    accept(line, result)
    line.send({**order, "of_the_future": order["of_the_future"] + "x"})  # one byte more
    line.expect("closed")


def an_order_of_several_frames_gives_a_result_for_each(server, slave):
    line = slave.signed_on()
    order, other = server.order(1, b"good", 1), server.order(2, b"good", 2)
    order["attempts"] += other["attempts"]
    line.send(order)
    for attempt in (1, 2):
        result = line.expect("result", attempt=attempt)
        assert result["outcome"] == "done" and result["lease"] == "lease-%d" % attempt, result
        accept(line, result)


an_order_of_several_frames_gives_a_result_for_each.settings = {"max_orders": 2}


def a_slave_that_is_told_goodbye_returns_after_the_named_time(server, slave):
    line = slave.signed_on()
    line.send({"type": "goodbye", "code": "shutting_down", "message": "the server stops", "retry_ms": 1500, "servers": []})
    begun = time.monotonic()
    server.next_line()
    assert time.monotonic() - begun >= 1.4, time.monotonic() - begun


def messages_of_the_future_are_harmless(server, slave):
    line = slave.signed_on()
    for number in range(1000):
        line.send({"type": "type_%d" % number, "id": str(number)})
    for number in (0, 999):
        error = line.expect("error", reply_to=str(number))
        assert error["code"] == "unsupported_type", error
    assert frame(server, line, 1, "good", of_the_future={"x": 1}, attempt_changes={"new": [1]})["outcome"] == "done"


def a_rejected_slave_reports_the_reason_and_retries(server, slave):
    server.refusal = {"type": "refused", "code": "wrong_credentials", "message": "no such slave or wrong password"}
    slave.start("--once")
    assert slave.process.wait(timeout=PATIENCE) == 3
    assert "no such slave or wrong password" in slave.output() and "s3cret" not in slave.output()
    server.refusal = {**server.refusal, "code": "busy", "retry_ms": 10}
    slave.start()
    until = time.monotonic() + PATIENCE
    while slave.output().count("no connection") < 2:
        assert time.monotonic() < until, slave.output()
        time.sleep(0.01)
    server.refusal = None
    server.next_line()


# --- nothing is lost -----------------------------------------------------------------------------------------------


def a_result_is_reported_again_after_a_reconnect(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"good"))
    line.expect("result", attempt=1)
    line.close()
    line = server.next_line()
    assert line.announce["holding"] == [{"attempt": 1, "lease": "lease-1"}], line.announce
    accept(line, line.expect("result", attempt=1))
    slave.wait_for_empty_outbox()
    assert len(server.uploads) == 1


def rendering_continues_while_the_server_is_unreachable(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang"))
    line.expect("progress", attempt=1, phase="rendering")
    line.close()
    line = server.next_line()
    assert line.announce["holding"] == [{"attempt": 1, "lease": "lease-1"}], line.announce
    line.send(server.order(1, b"hang", lease="lease-again"))  # already running here: no second render
    line.send({"type": "cancel", "attempts": [1], "code": "job_ended", "message": "test"})
    assert frame(server, line, 2, "good", job=2)["outcome"] == "done"


def a_result_survives_kill_9_and_is_reported(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"good"))
    result = line.expect("result", attempt=1)
    slave.kill()
    assert slave.outbox() == ["1"]
    line = slave.signed_on()
    assert line.announce["holding"] == [{"attempt": 1, "lease": "lease-1"}], line.announce
    again = line.expect("result", attempt=1)
    assert again == result, (again, result)
    accept(line, again)
    slave.wait_for_empty_outbox()


def an_image_not_yet_uploaded_survives_kill_9(server, slave):
    server.cut_uploads = 1000
    line = slave.signed_on()
    line.send(server.order(1, b"good"))
    until = time.monotonic() + PATIENCE
    while slave.outbox() != ["1"]:
        assert time.monotonic() < until
        time.sleep(0.01)
    slave.kill()
    server.cut_uploads = 0
    line = slave.signed_on()
    result = line.expect("result", attempt=1)
    assert server.uploaded(result).startswith(b"\x89PNG")
    accept(line, result)
    slave.wait_for_empty_outbox()


def kill_9_during_rendering_leaves_nothing_behind(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang"))
    line.expect("progress", attempt=1, phase="rendering")
    slave.kill()
    line = slave.signed_on()
    assert line.announce["holding"] == [], line.announce
    assert frame(server, line, 2, "good")["outcome"] == "done"


def a_cancelled_result_is_dropped(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"good"))
    line.expect("result", attempt=1)
    line.send({"type": "cancel", "attempts": [1], "code": "job_ended", "message": "job 1 is over"})
    slave.wait_for_empty_outbox()


def retry_delays_a_result_and_upload_repeats_the_upload(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"good"))
    first = line.expect("result", attempt=1)
    line.send({"type": "verdict", "attempt": 1, "verdict": "retry", "retry_ms": 100, "message": "the database is away"})
    assert line.expect("result", attempt=1) == first
    server.uploads.clear()
    line.send({"type": "verdict", "attempt": 1, "verdict": "retry", "retry_ms": 100, "upload_again": True})
    result = line.expect("result", attempt=1)
    assert server.uploaded(result).startswith(b"\x89PNG")
    accept(line, result)
    slave.wait_for_empty_outbox()


def a_rejected_image_is_dropped(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"good"))
    line.expect("result", attempt=1)
    line.send({"type": "verdict", "attempt": 1, "verdict": "rejected", "message": "the image is 8x6, the job asks for 9x9"})
    slave.wait_for_empty_outbox()


def a_frame_whose_upload_is_denied_is_returned(server, slave):
    server.refuse_uploads = 403
    line = slave.signed_on()
    result = frame(server, line, 1, "good")
    assert result["outcome"] == "returned" and "too old" in result["message"], result
    slave.wait_for_empty_outbox()


def sigterm_returns_the_frame_and_exits_cleanly(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang"))
    line.expect("progress", attempt=1, phase="rendering")
    slave.process.send_signal(signal.SIGTERM)
    result = line.expect("result", attempt=1)
    assert result["outcome"] == "returned" and "stopped" in result["message"], result
    accept(line, result)
    assert slave.process.wait(timeout=PATIENCE) == 0, slave.output()


if __name__ == "__main__":
    run_cases(dict(globals()))
