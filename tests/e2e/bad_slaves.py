#!/usr/bin/env python3
"""Slaves with wrong credentials, invalid messages or endless input are rejected, and other clients are not affected."""
import contextlib
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from malicious_slave import CARRIERS, HttpsLine, Line, image, order_for, slave  # noqa: E402
from tap import case, run, wait_until  # noqa: E402


@contextlib.contextmanager
def fixture():
    with Grid() as grid:
        grid.before = grid.descriptors_at_rest()
        yield grid


@case
def an_unknown_key_and_a_wrong_password_get_the_same_error(grid):
    credentials = slave(grid, "malicious")
    answers = []
    for carrier in CARRIERS:
        for wrong in ({**credentials, "slavekey": "K0000000000000000"}, {**credentials, "slavepassword": "wrong"}):
            with carrier(grid).sign_on(wrong) as line:
                answers.append(line.receive())
                assert carrier is not Line or line.receive() is None, "the server did not disconnect"
    assert answers[:2] == answers[2:], answers
    assert answers[0] == answers[1] and answers[0]["type"] == "refused", answers
    assert answers[0]["code"] == "wrong_credentials" and "retry_ms" not in answers[0], answers


@case
def a_slave_with_a_wrong_password_exits_with_status_three(grid):
    credentials = {**slave(grid, "mistyped"), "slavepassword": "wrong"}
    wrong = grid.add_slave("mistyped", start=False, credentials=credentials)
    done = subprocess.run([*wrong.argv, "--once"], capture_output=True, text=True, timeout=120)
    grid.slaves.remove(wrong)
    assert done.returncode == 3 and "slavepassword is wrong" in done.stderr, done


@case
def password_guessing_is_delayed_for_that_key_only(grid):
    credentials = slave(grid, "guessed")
    for _ in range(6):
        with Line(grid).sign_on({**credentials, "slavepassword": "guess"}) as line:
            assert line.receive()["type"] == "refused"
    with Line(grid).sign_on({**credentials, "slavepassword": "guess"}) as line:
        refused = line.receive()
        assert "wait" in refused["message"], refused
    with Line(grid).welcome(slave(grid, "bystander")):
        pass

    def connects():
        with Line(grid).sign_on(credentials) as line:
            return line.receive()["type"] == "welcome"
    wait_until("the right password is accepted again", connects, pause=0.5)


@case
def a_second_slave_with_the_same_key_is_rejected_while_the_first_answers(grid):
    credentials = slave(grid, "malicious")
    with Line(grid).welcome(credentials, "first").announce(slots=0) as first:
        with Line(grid).sign_on(credentials, "second") as second:
            refused = second.receive()
            assert refused["type"] == "refused" and refused["code"] == "slave_online_elsewhere" and refused["retry_ms"] > 0, refused
            assert "in use" in refused["message"], refused
        first.expect("ping")
        first.send({"type": "pong"})
        first.send({"type": "ping"})
        first.expect("pong")


@case
def a_reconnecting_slave_replaces_its_old_connection_at_once(grid):
    credentials = slave(grid, "malicious")
    with Line(grid).welcome(credentials, "same").announce(slots=0) as old:
        with Line(grid).welcome(credentials, "same"):
            goodbye = old.last_message()
            assert (goodbye["type"], goodbye["code"]) == ("goodbye", "replaced"), goodbye


@case
def an_unresponsive_slave_is_replaced_by_the_second(grid):
    credentials = slave(grid, "malicious")
    with Line(grid).welcome(credentials, "dead").announce(slots=0):  # never answers the ping

        def connects():
            with Line(grid).sign_on(credentials, "living") as line:
                return line.receive()["type"] == "welcome"
        wait_until("the second connects", connects, pause=0.5)


@case
def one_slave_has_one_session_over_both_carriers(grid):
    """Whoever answers the ping keeps the place; the other gets it when the first is silent."""
    for number, (first, second) in enumerate(((Line, HttpsLine), (HttpsLine, Line))):
        credentials = slave(grid, f"both-carriers-{number}")

        def connects(instance="second"):
            with second(grid).sign_on(credentials, instance) as other:
                answer = other.receive()
                assert answer["type"] in ("welcome", "refused"), answer
                return answer["type"] == "welcome"
        with first(grid).welcome(credentials, "first").announce(slots=0) as line:
            assert not connects()
            line.expect("ping")
            line.send({"type": "pong"})
            line.send({"type": "ping", "id": "p1"})
            assert line.expect("pong")["reply_to"] == "p1"
            assert not connects()  # the first is alive; from now on it answers no ping
            wait_until("the second replaces an unresponsive slave", connects, pause=0.5)
            while (message := line.receive())["type"] != "goodbye":
                pass
            assert message["code"] == "replaced", message


@case
def an_announce_that_crosses_an_order_does_not_end_it(grid):
    for carrier in CARRIERS:
        with order_for(grid, "crossing-" + carrier.__name__, carrier=carrier) as (line, order):
            line.announce()  # as written before the order was read
            line.send({"type": "ping"})
            line.expect("pong")
            assert not [each for each in line.deferred if each["type"] in ("order", "cancel")], line.deferred
            line.deliver(order)
            assert grid.wait(order["job"])["state"] == "finished"


@case
def the_same_conversation_over_both_carriers_has_the_same_verdicts(grid):
    spoken = []
    for carrier in CARRIERS:
        with order_for(grid, "spoken-" + carrier.__name__, carrier=carrier) as (line, order):
            content = image()
            upload = line.upload(order, content)
            line.result({**order, "lease": order["lease"] + "x"}, content, upload, id="r1")
            said = [line.verdict()]
            line.result(order, content, "0" * 32, id="r2")
            said.append(line.verdict())
            line.result(order, content, upload, id="r3")
            said.append(line.verdict())
            line.send({"type": "of_the_future", "id": "x1"})
            said.append(line.expect("error"))
            assert grid.wait(order["job"])["state"] == "finished"
            spoken.append([{name: value for name, value in each.items() if name != "attempt"} for each in said])
    assert spoken[0] == spoken[1], spoken
    kinds = [(each.get("verdict"), each["code"] if "code" in each else None, each["reply_to"]) for each in spoken[0]]
    assert kinds == [("rejected", "lease_invalid", "r1"), ("retry", "upload_missing", "r2"), ("accepted", None, "r3"),
                     (None, "unsupported_type", "x1")], kinds


@case
def another_protocol_is_rejected_and_both_versions_are_named(grid):
    with Line(grid).sign_on(slave(grid, "malicious"), protocols=[7, 8]) as line:
        refused = line.receive()
    assert refused["code"] == "protocol_unsupported" and "1" in refused["message"] and "7, 8" in refused["message"], refused
    with Line(grid).sign_on(slave(grid, "malicious"), protocols=[1, 2], offers=["of_the_future"]) as line:
        welcome = line.receive()
    assert welcome["type"] == "welcome" and welcome["protocol"] == 1 and welcome["offers"] == [], welcome


@case
def a_slave_of_version_0_1_is_told_what_to_do(grid):
    credentials = slave(grid, "malicious")
    with Line(grid) as line:
        line.send({"type": "sign_on", "protocol": 1, "slavekey": credentials["slavekey"], "instance": "old",
                   "slavepassword": credentials["slavepassword"], "software": "distren-slave 0.1.0"})
        refused = line.receive()
    assert refused["code"] == "software_too_old" and refused["minimum"] == "0.2.0", refused
    assert "0.2.0" in refused["message"] and "upgrade" in refused["message"], refused
    with Line(grid).sign_on(credentials, software={"name": "distren-slave", "version": "0.1.9"}) as line:
        assert line.receive()["code"] == "software_too_old"
    for what in ("hello", "order", "progress", "result", "telemetry"):
        status, problem = grid.api("POST", "/api/v1/slave/" + what, {}, token="")
        assert (status, problem["code"]) == (400, "client_too_old") and "0.2.0" in problem["detail"], problem


@case
def garbage_gets_an_error_and_then_the_connection_is_closed(grid):
    deep = b"[" * 60000 + b"\n"
    for line in (b"hello?\n", b"\0\xff\xfe\n", b"{}\n", b"[1,2]\n", b'{"type":7}\n', b'{"type":"announce"}\n', deep):
        with Line(grid) as connection:
            connection.send(line)
            answer = connection.receive()
            assert answer["type"] == "error" and answer["message"], (line[:40], answer)
            with contextlib.suppress(OSError):
                for _ in range(12):
                    connection.send(line)
            connection.last_message()


@case
def garbage_after_the_sign_on_only_closes_the_connection(grid):
    with Line(grid).welcome(slave(grid, "malicious")).announce(slots=0) as line:
        with contextlib.suppress(OSError):
            for message in ({"type": "announce", "cores": "many", "memory_mib": -5, "slots": 1e300, "renderers": 7,
                             "holding": {}},
                            {"type": "announce", "renderers": [1, {"method": 5}], "holding": [{"attempt": "x"}, 9]},
                            {"type": "progress", "items": [{"attempt": 10**30, "fraction": "half"}]},
                            {"type": "progress", "items": [{"attempt": -1, "fraction": 1e308}]},
                            {"type": "result"}, {"type": "result", "attempt": [], "lease": {}, "outcome": 5},
                            {"type": "frobnicate"}, {"type": None}, {"no": "type"}):
                line.send(message)
            for _ in range(20):
                line.send(b"garbage\n")
        assert line.last_message()["type"] in ("error", "goodbye")


@case
def text_shortened_within_a_character_does_not_crash_the_server(grid):
    for text in ("3.4.1" + "\u00e9" * 200, "\U0001f600" * 200, "3" + "\u20ac" * 200):
        with Line(grid).welcome(slave(grid, "words")) as line:
            line.send({"type": "announce", "os": text, "cpu": text, "cores": 1, "memory_mib": 1000, "slots": 1,
                       "devices": [{"name": text}],
                       "renderers": [{"method": "blender", "version": text}, {"method": text, "version": text}],
                       "holding": [{"attempt": 1, "lease": text}]})
            line.send({"type": "result", "attempt": 1, "lease": text, "outcome": "failed", "message": text * 20})
            line.send({"type": "ping"})
            line.expect("pong")
    assert grid.api("GET", "/api/v1/grid")[0] == 200
    assert grid.child.poll() is None


@case
def a_slave_that_floods_is_slowed_down_and_harms_nobody(grid):
    with Line(grid).welcome(slave(grid, "eager")) as line, Line(grid).welcome(slave(grid, "calm")) as calm:
        for _ in range(1500):
            line.announce(slots=0)
        errors = []
        while len(errors) < 3:
            errors.append(line.expect("error"))
        assert {error["code"] for error in errors} == {"slow_down"}, errors
        begun = time.monotonic()
        calm.send({"type": "ping"})
        calm.expect("pong")
        assert time.monotonic() - begun < 30
        line.send({"type": "ping"})
        line.expect("pong")  # it is slow, not cut off
    assert grid.api("GET", "/api/v1/grid")[0] == 200


@case
def a_flood_that_ends_in_goodbye_garbage_or_an_endless_line_harms_nobody(grid):
    """The session ends while the server reads what it had put off."""
    for end in (b'{"type":"goodbye"}\n', b"garbage\n" * 30, b"x" * 70000 + b"\n"):
        with Line(grid).welcome(slave(grid, "eager")) as line:
            with contextlib.suppress(OSError):
                line.send(b'{"type":"ping"}\n' * 1200 + end)
            line.last_message()
        assert grid.api("GET", "/api/v1/grid")[0] == 200
    assert grid.child.poll() is None


@case
def a_session_that_was_sent_away_speaks_no_more(grid):
    """Over both carriers; its announce makes no slave that is online for ever."""
    for carrier in CARRIERS:
        credentials = slave(grid, "sent-away-" + carrier.__name__)
        with carrier(grid).welcome(credentials).announce(slots=1, renderers=[]) as line:
            line.send({"type": "ping"})
            line.expect("pong")
            path = f"/api/v1/slaves/{credentials['id']}"
            assert grid.api("POST", path + "/disable")[0] == 200
            with contextlib.suppress(OSError):
                line.announce(slots=1)
            assert line.expect("goodbye")["code"] == "slave_disabled"
            if carrier is HttpsLine:
                assert line.exchange([{"type": "announce"}]).get("code") == "session_ended"
            assert grid.api("GET", path)[1]["online"] is False


@case
def a_thousand_types_of_the_future_are_harmless(grid):
    for carrier in CARRIERS:
        with carrier(grid).welcome(slave(grid, "future-" + carrier.__name__)).announce(slots=0) as line:
            if carrier is Line:
                for number in range(1000):
                    line.send({"type": f"type_{number}", "id": str(number)})
            else:
                for first in range(0, 1000, 100):
                    line.exchange([{"type": f"type_{number}", "id": str(number)} for number in range(first, first + 100)])
            errors = [line.expect("error") for _ in range(1000)]
            answered = {error["reply_to"] for error in errors if error["code"] == "unsupported_type"}
            assert len(answered) == 1000, (len(answered), errors[:3])
            line.send({"type": "ping"})
            line.expect("pong")


@case
def what_is_reserved_is_not_supported_and_harmless(grid):
    for carrier in CARRIERS:
        with carrier(grid).welcome(slave(grid, "reserved-" + carrier.__name__)).announce(slots=0) as line:
            for number in range(20):
                line.send({"type": "signed", "id": str(number), "slave": 7, "key": "k", "payload": "{}", "signature": "s"})
                error = line.expect("error")
                assert (error["code"], error["reply_to"]) == ("unsupported_type", str(number)), error
            line.send({"type": "ping"})
            line.expect("pong")


@case
def a_line_of_the_greatest_length_passes_and_one_byte_more_does_not(grid):
    with Line(grid).welcome(slave(grid, "malicious")).announce(slots=0) as line:
        ping = b'{"type":"ping","of_the_future":"' + b"x" * (65536 - 34) + b'"}'
        assert len(ping) == 65536
        line.send(ping + b"\n")
        line.expect("pong")
        line.send(ping[:-2] + b'x"}\n')
        assert line.last_message()["code"] == "line_too_long"


@case
def a_deeply_nested_message_is_rejected(grid):
    with Line(grid).welcome(slave(grid, "malicious")).announce(slots=0) as line:
        line.send(b'{"type":"ping","deep":' + b"[" * 30000 + b"]" * 30000 + b"}\n")
        assert "one JSON object" in line.expect("error")["message"]
        line.send({"type": "ping"})
        line.expect("pong")


@case
def an_endless_line_is_cut_off_and_takes_no_memory(grid):
    def memory():
        with open(f"/proc/{grid.child.pid}/status") as file:
            return next(int(row.split()[1]) for row in file if row.startswith("VmRSS"))
    before = memory()
    lines = [Line(grid) for _ in range(8)]
    for line in lines:
        with contextlib.suppress(OSError):
            for _ in range(160):
                line.send(b"x" * 65536)
    grown = memory() - before
    errors = [line.last_message() for line in lines]
    for line in lines:
        line.close()
    assert grown < 40 << 10, f"80 MB of unfinished lines made the server grow by {grown} KiB"
    assert all(last is None or "longer than" in last["message"] for last in errors), errors


@case
def unfinished_handshakes_and_slow_clients_are_disconnected_at_the_sign_on_limit(grid):
    """On both listeners; meanwhile other clients are served."""
    ports = (grid.line_port, int(grid.url.rsplit(":", 1)[1]))
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 10  # a ClientHello's beginning
    silent = [socket.create_connection(("127.0.0.1", port), 30) for port in ports for _ in range(10)]
    for each in silent[::2]:
        each.sendall(hello)
    context = ssl.create_default_context(cafile=grid.ca)
    slow = [context.wrap_socket(socket.create_connection(("127.0.0.1", port), 30), server_hostname="localhost")
            for port in ports for _ in range(3)]
    text = b'POST /api/v1/sessions HTTP/1.1 {"type":"sign_on"' * 10

    def closed(connection):
        connection.setblocking(False)
        try:
            return connection.recv(4096) == b""
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        except OSError:
            return True
    start, position, connected = time.monotonic(), 0, silent + slow
    while connected and time.monotonic() - start < 60:
        for each in [each for each in slow if each in connected]:
            with contextlib.suppress(OSError):
                each.send(text[position:position + 1])
        position += 1
        assert grid.api("GET", "/healthz", token="")[0] == 200
        time.sleep(1)
        connected = [each for each in connected if not closed(each)]
    assert not connected, f"{len(connected)} of them were still connected after a minute"
    for each in silent + slow:
        each.close()


@case
def a_slowly_sent_body_is_disconnected(grid):
    context = ssl.create_default_context(cafile=grid.ca)
    port = int(grid.url.rsplit(":", 1)[1])
    with context.wrap_socket(socket.create_connection(("127.0.0.1", port), 30), server_hostname="localhost") as line:
        line.sendall(b"POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000\r\n\r\n")
        start = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - start < 60:
                line.sendall(b"x")
                line.settimeout(1)
                with contextlib.suppress(TimeoutError):
                    if line.recv(4096) == b"":
                        break
        assert time.monotonic() - start < 60, "it was still connected after a minute"


@case
def invalid_requests_over_https_are_rejected(grid):
    def post(body, token="", query=""):
        status, answer = grid.api("POST", "/api/v1/line" + query, body, token=token)
        return status, answer.get("code")
    sign_on = {"type": "sign_on", "protocols": [1], "slavekey": "K", "slavepassword": "x"}
    for body in ([1], {}, {"messages": {}}, {"messages": [1]}, {"messages": [{"no": "type"}]}, {"messages": []},
                 {"messages": [{"type": "ping"}]}, {"messages": [sign_on] * 101},
                 {"messages": [{**sign_on, "instance": "x" * 70000}]}):
        assert post(body)[0] == 400, body
    assert post({"messages": [sign_on]}, query="?wait_ms=30001")[0] == 400
    assert post({"messages": [sign_on]}, query="?wait=1")[0] == 400
    assert post({"messages": []}, token="dl_" + "0" * 32) == (401, "session_ended")
    assert post({"messages": []}, token=grid.token) == (401, "session_ended"), "a person's login counted as a session"
    assert grid.http("POST", "/api/v1/line", data=b"\xff{", token="", headers={"Content-Type": "application/json"})[0] == 400
    assert grid.http("POST", "/api/v1/line", data=b" " * (2 << 20), token="",
                     headers={"Content-Type": "application/json"})[0] == 413
    with HttpsLine(grid).welcome(slave(grid, "webby")) as line:
        session = line.session
    assert post({"messages": []}, token=session) == (401, "session_ended"), "a goodbye did not end the session"


@case
def a_request_that_waits_gets_its_order_at_once(grid):
    with HttpsLine(grid).welcome(slave(grid, "patient")).announce(renderers=[]) as line:
        line.exchange([], wait_ms=1000)
        begun = time.monotonic()
        threading.Timer(0.5, lambda: line.grid.api("POST", "/api/v1/line", {"messages": [{"type": "ping"}]},
                                                   token=line.session)).start()
        line.exchange([], wait_ms=20000)
        assert time.monotonic() - begun < 15, "it waited to the end though there was a message, or another request"


@case
def afterwards_the_server_works_and_has_leaked_no_descriptor(grid):
    with order_for(grid, "honest") as (line, order):
        line.deliver(order)
        assert grid.wait(order["job"])["state"] == "finished"
        grid.check_once(order["job"])
    before = grid.before
    wait_until(f"descriptors come back to {before}", lambda: grid.descriptors() <= before)
    status = json.loads(grid.cli("status", "--json", check=0).stdout)
    assert status["slaves"]["online"] <= 2, status  # slaves over HTTPS count as online for three heartbeats


if __name__ == "__main__":
    run(fixture, Grid.evidence)
