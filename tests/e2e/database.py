#!/usr/bin/env python3
"""A database that becomes unavailable and returns, one of another version, and an external one."""
import contextlib
import getpass
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from database import PrivateDatabase  # noqa: E402
from grid import Grid  # noqa: E402
from malicious_slave import Line, accepted, digest_of, image  # noqa: E402
from programs import program, read_log, scenes  # noqa: E402
from tap import case, run, wait_until  # noqa: E402

PASSWORD = "only to EXECUTE"


@contextlib.contextmanager
def fixture():
    """A grid on an external MariaDB server, neither started nor migrated yet."""
    with PrivateDatabase() as database:
        grid = Grid({"database.socket": database.socket, "database.user": "distren"}, standalone=False)
        grid.settings["database.password_file"] = os.path.join(grid.home, "password")
        with open(os.open(grid.settings["database.password_file"], os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(PASSWORD + "\n")
        grid.write_config()
        grid.database = database
        try:
            yield grid
        finally:
            grid.close()


def migrate(grid, *options):
    return subprocess.run([program("distren-migrate"), "--config", grid.config, "--user", getpass.getuser(), *options],
                          capture_output=True, text=True)


def running(grid):
    if not grid.alive():
        done = migrate(grid, "--create-user", "distren")
        assert done.returncode == 0, done.stderr
        grid.start()
    return grid


def resume(grid):
    """Resumes the database and waits until every worker has reconnected; each interrupted connection costs a 503."""
    grid.database.resume()
    wait_until("requests succeed again", lambda: all(grid.api("GET", "/api/v1/jobs")[0] == 200 for _ in range(32)))


def refusal(grid):
    """The error of a distrend that does not start."""
    done = subprocess.run(grid.argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done
    assert PASSWORD not in done.stderr, "an error contains the password"
    return done.stderr


@case
def a_server_without_its_schema_does_not_start_and_names_the_remedy(grid):
    error = refusal(grid)
    assert "distren-migrate" in error and "distren" in error, error
    assert migrate(grid, "--check").returncode == 1


@case
def a_migrated_database_grants_the_server_only_execute(grid):
    for _ in range(2):  # the second run changes nothing
        done = migrate(grid, "--create-user", "distren")
        assert done.returncode == 0, done.stderr
    grants = [row[0] for row in grid.sql("SHOW GRANTS FOR 'distren'@'localhost'")]
    rights = [grant.split(" ON ")[0].removeprefix("GRANT ") for grant in grants]
    assert sorted(rights) == ["EXECUTE", "USAGE"], grants
    assert migrate(grid, "--check").returncode == 0


@case
def a_wrong_database_password_is_reported_without_revealing_it(grid):
    wrong = os.path.join(grid.home, "wrong")
    with open(os.open(wrong, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write("some other password\n")
    right = grid.settings["database.password_file"]
    grid.settings["database.password_file"] = wrong
    grid.write_config()
    error = refusal(grid)
    grid.settings["database.password_file"] = right
    grid.write_config()
    assert "[database]" in error and "some other password" not in error, error


@case
def an_older_schema_is_rejected_and_both_versions_are_named(grid):
    migrate(grid, "--create-user", "distren")
    newest = int(grid.sql("SELECT MAX(version) FROM schema_version")[0][0])
    grid.sql("UPDATE schema_version SET version = version - 1 ORDER BY version")
    error = refusal(grid)
    grid.sql("UPDATE schema_version SET version = version + 1 ORDER BY version DESC")
    assert f"version {newest - 1}," in error and f"needs {newest}" in error and "distren-migrate" in error, error


@case
def a_newer_schema_is_rejected_and_both_versions_are_named(grid):
    migrate(grid, "--create-user", "distren")
    newest = int(grid.sql("SELECT MAX(version) FROM schema_version")[0][0])
    grid.sql("INSERT INTO schema_version (version, name, applied_at) VALUES (99, 'future', UTC_TIMESTAMP(3))")
    error = refusal(grid)
    migrated = migrate(grid)
    grid.sql("DELETE FROM schema_version WHERE version = 99")
    for text in (error, migrated.stderr):
        assert "version 99" in text and f"knows {newest}" in text, text
    assert migrated.returncode == 1, migrated


@case
def procedures_of_another_version_are_replaced(grid):
    migrate(grid, "--create-user", "distren")
    grid.sql("UPDATE setting SET value = REPEAT('0', 64) WHERE name = 'procedures_sha256'")
    assert migrate(grid, "--check").returncode == 1
    assert migrate(grid).returncode == 0 and migrate(grid, "--check").returncode == 0


@case
def a_job_is_rendered_with_an_external_database(grid):
    running(grid).add_slave("attic")
    job = grid.submit(os.path.join(scenes(), "plain.blend"), "--frames", "1-3", "--wait", "--name", "external")
    grid.check_once(job)


@case
def while_the_database_is_unavailable_requests_get_503_and_rendering_continues(grid):
    running(grid)
    if not grid.slaves:
        grid.add_slave("attic")
    slave = grid.slaves[0]
    job = grid.submit(os.path.join(scenes(), "slow.blend"), "--frames", "1-2")
    wait_until("a frame is rendering", lambda: [t for t in grid.tasks(job) if (t["progress"] or 0) > 0])
    grid.database.suspend()
    try:
        for path in ("/api/v1/jobs", f"/api/v1/jobs/{job}", "/api/v1/slaves", "/api/v1/users/me"):
            status, content, kind, headers = grid.http("GET", path)
            assert status == 503 and headers["Retry-After"], (path, status, headers)
            problem = json.loads(content)
            assert kind == "application/problem+json" and problem["code"] in ("database_unavailable", "busy"), problem
            assert problem["request_id"] == headers["Request-Id"], (problem, headers)
            assert PASSWORD not in problem["detail"] and grid.database.socket not in problem["detail"], problem
        status, answer = grid.api("POST", "/api/v1/sessions", {"name": "admin", "password": "x"}, token="")
        assert status == 503, answer
        assert grid.api("GET", "/healthz", token="")[0] == 200
        status, answer = grid.api("GET", "/readyz", token="")
        assert status == 503 and answer["code"] == "not_ready" and "database unavailable" in answer["detail"], answer
        grid.cli("jobs", check=5)
        with Line(grid).sign_on({"slavekey": "K1", "slavepassword": "x"}) as line:
            refused = line.receive()
            assert refused["type"] == "refused" and refused["code"] == "busy" and refused["retry_ms"] > 0, refused
        wait_until("the frame is rendered and kept", slave.unsent)
        assert slave.alive() and grid.alive()
    finally:
        resume(grid)
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    grid.check_once(job)
    wait_until("its outbox is empty", lambda: not slave.unsent())
    assert all(task["failure_count"] == 0 for task in grid.tasks(job)), grid.tasks(job)


@case
def a_result_reported_while_the_database_is_unavailable_counts_later(grid):
    running(grid)
    for slave in grid.slaves:
        slave.stop()
    credentials = grid.new_slave("patient")
    job = grid.submit(os.path.join(scenes(), "plain.blend"), "--frames", "1")
    with Line(grid).welcome(credentials).announce() as line:
        order = line.expect_order()
        content = image()
        grid.database.suspend()
        try:
            upload = line.upload(order, content)
            assert isinstance(upload, str), "an upload fails without the database"
            line.result(order, content, upload)
            line.send({"type": "ping"})
            line.expect("pong")
        finally:
            resume(grid)
        assert accepted(line.verdict(), order)
    assert grid.wait(job)["state"] == "finished"
    assert grid.tasks(job)[0]["outputs"][0]["sha256"] == digest_of(content)
    grid.check_once(job)


@case
def a_server_stopped_while_the_database_is_unavailable_loses_nothing(grid):
    running(grid)
    credentials = grid.new_slave("keeper")
    job = grid.submit(os.path.join(scenes(), "plain.blend"), "--frames", "1")
    with Line(grid).welcome(credentials).announce() as line:
        order = line.expect_order()
        wait_until("the lease is written", lambda: grid.sql(f"SELECT 1 FROM lease WHERE attempt_id={order['attempt']}"))
        content = image(seed=5)
        upload = line.upload(order, content)
        grid.database.suspend()
        seen = len(read_log(grid.log))
        line.result(order, content, upload)
        wait_until("the result waits for the database", lambda: "results wait" in read_log(grid.log)[seen:])
        assert grid.stop() == 0
        assert "1 results were not acknowledged" in read_log(grid.log)[seen:], "it does not report unwritten results"
        line.last_message()
    grid.database.resume()
    grid.start()
    with Line(grid).welcome(credentials).announce(holding=[order]) as line:
        line.result(order, content, upload)
        verdict = line.verdict()
        if verdict["verdict"] == "retry":
            assert verdict["upload_again"] is True, verdict
            line.deliver(order, content)
    assert grid.wait(job)["state"] == "finished"
    grid.check_once(job)


@case
def a_killed_private_database_is_restarted(grid):
    with Grid() as own:
        slave = own.add_slave("attic")
        job = own.submit(os.path.join(scenes(), "plain.blend"), "--frames", "1-6")
        own.wait_frames(job, 1)
        killed = own.database_pid()
        os.kill(killed, signal.SIGKILL)
        assert own.wait(job)["state"] == "finished", own.job(job)
        assert own.database_pid() != killed
        own.check_once(job)
        assert all(task["failure_count"] == 0 for task in own.tasks(job)), own.tasks(job)
        wait_until("its outbox is empty", lambda: not slave.unsent())
        own.sql("INSERT INTO schema_version (version, name, applied_at) VALUES (99, 'future', UTC_TIMESTAMP(3))")
        assert own.stop() == 0
        done = subprocess.run(own.argv, capture_output=True, text=True, timeout=120)
        assert done.returncode == 1 and "99" in done.stderr, done


if __name__ == "__main__":
    run(fixture, Grid.evidence)
