#!/usr/bin/env python3
"""Slaves with wrong credentials, invalid messages or endless input are rejected, and other clients are not affected."""
import base64
import contextlib
import json
import os
import socket
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from malicious_slave import Line, order_for, slave  # noqa: E402
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
    for wrong in ({**credentials, "slavekey": "K0000000000000000"}, {**credentials, "slavepassword": "wrong"}):
        with Line(grid).sign_on(wrong) as line:
            answers.append(line.receive())
            assert line.receive() is None, "the server did not disconnect"
    assert answers[0] == answers[1] and answers[0]["type"] == "refused" and answers[0]["code"] == "denied", answers
    statuses = []
    for key, password in (("K0000000000000001", "wrong"), (credentials["slavekey"], "wrong")):
        login = base64.b64encode(f"{key}:{password}".encode()).decode()
        statuses.append(grid.api("POST", "/api/v1/slave/hello", {}, token="", headers={"Authorization": "Basic " + login}))
        assert statuses[-1][1].pop("request_id"), statuses
    assert statuses[0] == statuses[1] and statuses[0][0] == 401, statuses


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
    with Line(grid).welcome(credentials, "first").hello(slots=0) as first:
        with Line(grid).sign_on(credentials, "second") as second:
            refused = second.receive()
            assert refused["type"] == "refused" and refused["code"] == "conflict" and refused["retry"] > 0, refused
            assert "in use" in refused["message"], refused
        first.expect("ping")
        first.send({"type": "pong"})
        first.send({"type": "ping"})
        first.expect("pong")


@case
def a_reconnecting_slave_replaces_its_old_connection_at_once(grid):
    credentials = slave(grid, "malicious")
    with Line(grid).welcome(credentials, "same").hello(slots=0) as old:
        with Line(grid).welcome(credentials, "same"):
            assert old.last_message()["type"] == "error"


@case
def an_unresponsive_slave_is_replaced_by_the_second(grid):
    credentials = slave(grid, "malicious")
    with Line(grid).welcome(credentials, "dead").hello(slots=0):  # never answers the ping

        def connects():
            with Line(grid).sign_on(credentials, "living") as line:
                return line.receive()["type"] == "welcome"
        wait_until("the second connects", connects, pause=0.5)


@case
def a_slave_over_https_does_not_replace_a_connected_one(grid):
    credentials = slave(grid, "both-protocols")
    login = {"Authorization": "Basic " + base64.b64encode(
        f"{credentials['slavekey']}:{credentials['slavepassword']}".encode()).decode()}

    def hello():
        return grid.api("POST", "/api/v1/slave/hello", {"slots": 0, "os": "https"}, token="", headers=login)
    with Line(grid).welcome(credentials).hello(slots=0) as line:
        status, answer = hello()
        assert status == 409 and answer["code"] == "slave_online_elsewhere", (status, answer)
        line.expect("ping")
        line.send({"type": "pong"})
        line.send({"type": "ping"})
        line.expect("pong")
        assert hello()[0] == 409  # the first slave is alive; from now on it answers no ping
        wait_until("the slave over HTTPS replaces an unresponsive one", lambda: hello()[0] == 200, pause=0.5)
        assert line.last_message()["type"] == "error"


@case
def another_protocol_is_rejected_and_both_versions_are_named(grid):
    with Line(grid).sign_on(slave(grid, "malicious"), protocol=7) as line:
        refused = line.receive()
    assert refused["code"] == "invalid" and "1" in refused["message"] and "7" in refused["message"], refused


@case
def garbage_gets_an_error_and_then_the_connection_is_closed(grid):
    deep = b"[" * 60000 + b"\n"
    for line in (b"hello?\n", b"\0\xff\xfe\n", b"{}\n", b"[1,2]\n", b'{"type":7}\n', b'{"type":"hello"}\n', deep):
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
    with Line(grid).welcome(slave(grid, "malicious")).hello(slots=0) as line:
        with contextlib.suppress(OSError):
            for message in ({"type": "hello", "cores": "many", "memory": -5, "slots": 1e300, "methods": 7, "holding": {}},
                            {"type": "hello", "methods": [1, {"name": 5}], "holding": [{"attempt": "x"}, 9]},
                            {"type": "progress", "attempt": 10**30, "fraction": "half"},
                            {"type": "progress", "attempt": -1, "fraction": 1e308},
                            {"type": "result"}, {"type": "result", "attempt": [], "lease": {}, "state": 5},
                            {"type": "frobnicate"}, {"type": None}, {"no": "type"}):
                line.send(message)
            for _ in range(20):
                line.send(b"garbage\n")
        assert line.last_message()["type"] == "error"


@case
def text_shortened_within_a_character_does_not_crash_the_server(grid):
    for text in ("3.4.1" + "\u00e9" * 200, "\U0001f600" * 200, "3" + "\u20ac" * 200):
        with Line(grid).welcome(slave(grid, "words")) as line:
            line.send({"type": "hello", "os": text, "cpu": text, "cores": 1, "memory": 1000, "slots": 1, "gpus": [text],
                       "methods": [{"name": "blender", "version": text}, {"name": text, "version": text}],
                       "holding": [{"attempt": 1, "lease": text}]})
            line.send({"type": "result", "attempt": 1, "lease": text, "state": "failed", "reason": text * 20})
            line.send({"type": "ping"})
            line.expect("pong")
    assert grid.api("GET", "/api/v1/grid")[0] == 200
    assert grid.child.poll() is None


@case
def a_slave_that_floods_hello_is_disconnected(grid):
    with Line(grid).welcome(slave(grid, "eager")) as line:
        with contextlib.suppress(OSError):
            for _ in range(5000):
                line.hello(slots=0)
        assert line.last_message()["type"] == "error"
    assert grid.api("GET", "/api/v1/grid")[0] == 200


@case
def a_deeply_nested_message_is_rejected(grid):
    with Line(grid).welcome(slave(grid, "malicious")).hello(slots=0) as line:
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
def invalid_messages_over_https_are_rejected(grid):
    credentials = slave(grid, "webby")
    login = {"Authorization": "Basic " + base64.b64encode(
        f"{credentials['slavekey']}:{credentials['slavepassword']}".encode()).decode()}

    def post(what, body):
        return grid.api("POST", "/api/v1/slave/" + what, body, token="", headers=login)
    for what in ("hello", "order", "progress", "result"):
        assert grid.api("POST", "/api/v1/slave/" + what, {}, token="")[0] == 401, what
        assert grid.api("POST", "/api/v1/slave/" + what, {})[0] == 401, f"a user's login was accepted for {what}"
    assert post("hello", {"protocol": 7})[0] == 400
    assert post("hello", [1])[0] == 400
    assert post("result", {"attempt": 1, "lease": "1.1.1.1.x", "state": "done"})[0] == 403
    assert post("progress", {"attempt": "x"})[0] == 400
    assert grid.http("POST", "/api/v1/slave/hello", data=b"\xff{", token="",
                     headers=login | {"Content-Type": "application/json"})[0] == 400
    assert post("hello", {"protocol": 1, "slots": 1, "methods": []})[0] == 200


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
