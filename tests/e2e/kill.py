#!/usr/bin/env python3
"""kill -9 of slaves and server in the middle of jobs: every frame is there in the end, once, as it was recorded."""
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from malicious_slave import Line, accepted, digest_of, image  # noqa: E402
from programs import read_log, scenes  # noqa: E402
from tap import case, comment, run, wait_until  # noqa: E402

PLAIN, SLOW = "plain.blend", "slow.blend"


def submit(grid, scene, frames):
    return grid.submit(os.path.join(scenes(), scene), "--frames", frames)


def attic(grid):
    """The one real slave of this grid, running."""
    if not grid.slaves:
        grid.add_slave("attic")
    if not grid.slaves[0].alive():
        grid.slaves[0].start()
    return grid.slaves[0]


def rest(grid):
    """The real slave stops, so that a played one gets every order."""
    for slave in grid.slaves:
        slave.stop()
    wait_until("no slave is online", lambda: grid.api("GET", "/api/v1/grid")[1]["slaves"]["online"] == 0)


def working(grid, job):
    """Waits until the slave says how far its frame is: it is in the middle of it."""
    return wait_until(f"a frame of job {job} is half rendered",
                      lambda: [t for t in grid.tasks(job) if t["state"] == "rendering" and t["progress"] > 0])[0]["frame"]


def orders(slave, job):
    return [line for line in read_log(slave.log).splitlines() if f" job={job} " in line and "order attempt=" in line]


def journaled(grid, order):
    wait_until("the lease is written", lambda: grid.sql(f"SELECT 1 FROM lease WHERE attempt_id = {order['attempt']}"))


def kill_and_restart(grid):
    orphan = grid.database_pid()
    grid.kill9()
    grid.start()
    assert grid.database_pid() != orphan, "the database of the killed server is still running"
    assert not os.path.exists(f"/proc/{orphan}") or open(f"/proc/{orphan}/stat").read().split()[2] == "Z"


@case
def a_frame_of_a_killed_slave_is_rendered_after_its_restart(grid):
    slave = attic(grid)
    job = submit(grid, SLOW, "1-2")
    working(grid, job)
    slave.kill9()
    slave.start()
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    grid.check_once(job)
    outcomes = grid.sql(f"SELECT outcome, failure_reason FROM attempt a JOIN task t ON t.id = a.task_id WHERE t.job_id = {job}")
    assert ["returned", "the slave lost it"] in outcomes, outcomes
    assert all(task["failure_count"] == 0 for task in grid.tasks(job)), grid.tasks(job)


@case
def a_killed_slave_leaves_no_renderer_behind(grid):
    slave = attic(grid)
    job = submit(grid, SLOW, "1")
    working(grid, job)
    slave.kill9()

    def renderers():
        found = []
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    if slave.state.encode() in file.read() and int(entry) != slave.child.pid:
                        found.append(int(entry))
            except OSError:
                continue
        return found
    wait_until("its Blender and its sandbox end", lambda: not renderers())
    attic(grid)
    assert grid.wait(job)["state"] == "finished"


@case
def a_restarted_server_accepts_the_frame_rendered_in_the_meantime(grid):
    slave = attic(grid)
    job = submit(grid, SLOW, "1-2")
    working(grid, job)
    kill_and_restart(grid)
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    grid.check_once(job)
    dispatched = orders(slave, job)
    assert len(dispatched) == 2, f"a frame was dispatched twice: {dispatched}"


@case
def a_restarted_server_resumes(grid):
    slave = attic(grid)
    job = submit(grid, SLOW, "1-2")
    working(grid, job)
    database = grid.database_pid()
    grid.restart()
    assert not os.path.exists(f"/proc/{database}"), "MariaDB outlived its distrend"
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    grid.check_once(job)
    assert len(orders(slave, job)) == 2, f"a frame was dispatched twice: {orders(slave, job)}"


@case
def a_stopped_slave_returns_its_frame_without_a_failure(grid):
    slave = attic(grid)
    job = submit(grid, SLOW, "1")
    working(grid, job)
    status = slave.stop()
    assert status == 0, status
    wait_until("the frame is returned", lambda: grid.rendering(job) == 0)
    assert grid.tasks(job)[0]["failure_count"] == 0, grid.tasks(job)
    assert len(orders(slave, job)) == 1, f"it got an order after it had signed off: {orders(slave, job)}"
    attic(grid)
    assert grid.wait(job)["state"] == "finished"


@case
def a_slave_killed_at_any_moment_loses_and_duplicates_nothing(grid):
    seed = int(os.environ.get("TEST_SEED") or random.randrange(10**6))
    comment(f"TEST_SEED={seed}")
    moments = random.Random(seed)
    slave = attic(grid)
    job = submit(grid, PLAIN, "1-16")
    for _ in range(4):
        before = grid.job(job)["tasks"]["finished"]
        wait_until("another frame",
                   lambda: grid.job(job)["tasks"]["finished"] > before or grid.job(job)["state"] == "finished")
        time.sleep(moments.uniform(0, 0.25))
        slave.kill9()
        slave.start()
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    grid.check_once(job)
    wait_until("its outbox is empty", lambda: not slave.unsent())


@case
def a_server_killed_at_any_moment_loses_and_duplicates_nothing(grid):
    seed = int(os.environ.get("TEST_SEED") or random.randrange(10**6))
    comment(f"TEST_SEED={seed}")
    moments = random.Random(seed)
    slave = attic(grid)
    job = submit(grid, PLAIN, "1-16")
    for _ in range(4):
        before = grid.job(job)["tasks"]["finished"]
        wait_until("another frame",
                   lambda: grid.job(job)["tasks"]["finished"] > before or grid.job(job)["state"] == "finished")
        time.sleep(moments.uniform(0, 0.25))
        kill_and_restart(grid)
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    grid.check_once(job)
    wait_until("its outbox is empty", lambda: not slave.unsent())


@case
def a_slave_killed_between_upload_and_report_reports_later(grid):
    rest(grid)
    credentials = grid.new_slave("forgetful")
    job = submit(grid, PLAIN, "1")
    with Line(grid).welcome(credentials).announce() as line:
        order = line.expect_order()
        content = image(seed=1)
        upload = line.upload(order, content)
    with Line(grid).welcome(credentials, "two").announce(holding=[order]) as line:
        line.result(order, content, upload)
        assert accepted(line.verdict(), order)
    assert grid.wait(job)["state"] == "finished"
    grid.check_once(job)
    assert grid.tasks(job)[0]["outputs"][0]["sha256"] == digest_of(content)


@case
def an_acceptance_that_was_not_received_is_repeated(grid):
    rest(grid)
    credentials = grid.new_slave("deaf")
    job = submit(grid, PLAIN, "1")
    with Line(grid).welcome(credentials).announce() as line:
        order = line.expect_order()
        content = image(seed=2)
        upload = line.upload(order, content)
        line.result(order, content, upload)
    assert grid.wait(job)["state"] == "finished"
    for start in (lambda: None, grid.restart, lambda: kill_and_restart(grid)):
        start()
        with Line(grid).welcome(credentials).announce(holding=[order]) as line:
            line.result(order, content, upload)
            assert accepted(line.verdict(), order)
    grid.check_once(job)


@case
def an_accepted_image_left_unrenamed_by_a_kill_is_renamed_at_the_next_start(grid):
    rest(grid)
    credentials = grid.new_slave("unlucky")
    job = submit(grid, PLAIN, "1-2")
    with Line(grid).welcome(credentials).announce(slots=2) as line:
        for _ in range(2):
            order = line.expect_order()
            line.deliver(order)
    assert grid.wait(job)["state"] == "finished"
    rows = grid.sql("SELECT t.id, a.id, a.output_name FROM task t JOIN attempt a ON a.task_id = t.id AND a.id = t.attempt_id "
                    f"WHERE t.job_id = {job}")
    grid.kill9()
    # As if it had been killed a moment earlier; and an image that was never accepted.
    staged = os.path.join(grid.home, "stor", "staged")
    assert os.listdir(staged) == []
    for task, attempt, output in rows:
        os.rename(os.path.join(grid.output(job), output), os.path.join(staged, f"{job}.{task}.{attempt}"))
    with open(os.path.join(staged, f"{job}.{task}.999999"), "wb") as file:
        file.write(b"unaccepted")
    grid.start()
    assert os.listdir(staged) == [f"{job}.{task}.999999"], os.listdir(staged)
    grid.check_once(job)


@case
def a_leased_frame_is_not_dispatched_again_while_its_slave_is_offline(grid):
    rest(grid)
    holder, eager = grid.new_slave("holder"), grid.new_slave("eager")
    job = submit(grid, PLAIN, "1-2")
    with Line(grid).welcome(holder).announce() as line:
        held = line.expect_order()
        journaled(grid, held)
    for start in (lambda: None, grid.restart, lambda: kill_and_restart(grid)):
        start()
        with Line(grid).welcome(eager).announce() as line:
            other = line.expect_order()
            assert other["task"] != held["task"], "the frame was dispatched twice"
            line.send({"type": "result", "attempt": other["attempt"], "lease": other["lease"], "outcome": "returned",
                       "message": "only looking"})
            assert line.verdict()["verdict"] == "accepted"
            again = line.expect_order()
            assert again["task"] == other["task"], "the frame was dispatched twice"
    with Line(grid).welcome(holder).announce(holding=[held]) as line:
        line.deliver(held)
    with Line(grid).welcome(eager).announce() as line:
        line.deliver(line.expect_order())
    assert grid.wait(job)["state"] == "finished"
    grid.check_once(job)


@case
def a_frame_of_a_lost_slave_is_reassigned_when_its_lease_expires(grid):
    rest(grid)
    grid.settings["times.lease_seconds"] = 5
    grid.write_config()
    grid.restart()
    lost, other = grid.new_slave("lost"), grid.new_slave("other")
    job = submit(grid, PLAIN, "1")
    with Line(grid).welcome(lost).announce() as line:
        order = line.expect_order()
    with Line(grid).welcome(other).announce() as line:
        second = line.expect_order(seconds=120)
        assert second["task"] == order["task"] and second["attempt"] != order["attempt"], second
        assert ["expired"] in grid.sql(f"SELECT outcome FROM attempt WHERE id = {order['attempt']}") or wait_until(
            "the expiry is written", lambda: grid.sql(f"SELECT outcome FROM attempt WHERE id = {order['attempt']}"))
        # The late result arrives first: it counts, the other attempt is cancelled, nothing is stored twice.
        with Line(grid).welcome(lost).announce(slots=0, holding=[order]) as late:
            late.deliver(order)
        cancel = line.expect("cancel")
        assert cancel["attempts"] == [second["attempt"]], cancel
        content = image(seed=3)
        upload = line.upload(second, content)
        line.result(second, content, upload)
        verdict = line.verdict()
        assert verdict["verdict"] == "rejected" and "first" in verdict["message"], verdict
    assert grid.wait(job)["state"] == "finished"
    grid.check_once(job)


if __name__ == "__main__":
    run(Grid, Grid.evidence)
