#!/usr/bin/env python3
"""kill -9 of slaves and server in the middle of jobs: every frame is there in the end, once, as it was recorded."""
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from liar import Line, digest_of, picture  # noqa: E402
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
    wait_until("no slave is online", lambda: grid.api("GET", "/api/v1/status")[1]["slaves"]["online"] == 0)


def working(grid, job):
    """Waits until the slave says how far its frame is: it is in the middle of it."""
    return wait_until(f"a frame of job {job} is half rendered",
                      lambda: [t for t in grid.tasks(job) if t["state"] == "leased" and t["fraction"] > 0])[0]["frame"]


def orders(slave, job):
    return [line for line in read_log(slave.log).splitlines() if f" job={job} " in line and "order attempt=" in line]


def journaled(grid, order):
    wait_until("the lease is written", lambda: grid.sql(f"SELECT 1 FROM lease WHERE attempt_id = {order['attempt']}"))


def kill_and_restart(grid):
    orphan = grid.database_pid()
    grid.kill9()
    grid.start()
    assert grid.database_pid() != orphan, "two servers would write one database"
    assert not os.path.exists(f"/proc/{orphan}") or open(f"/proc/{orphan}/stat").read().split()[2] == "Z"


@case
def a_frame_of_a_killed_slave_is_rendered_when_it_comes_back(grid):
    slave = attic(grid)
    job = submit(grid, SLOW, "1-2")
    working(grid, job)
    slave.kill9()
    slave.start()
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    grid.check_once(job)
    endings = grid.sql(f"SELECT ending, reason FROM attempt a JOIN task t ON t.id = a.task_id WHERE t.job_id = {job}")
    assert ["returned", "the slave lost it"] in endings, endings
    assert all(task["failures"] == 0 for task in grid.tasks(job)), grid.tasks(job)


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
def a_killed_server_takes_the_frame_that_was_rendered_meanwhile(grid):
    slave = attic(grid)
    job = submit(grid, SLOW, "1-2")
    working(grid, job)
    kill_and_restart(grid)
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    grid.check_once(job)
    given = orders(slave, job)
    assert len(given) == 2, f"a frame was given twice: {given}"


@case
def a_server_that_is_stopped_and_started_goes_on_where_it_was(grid):
    slave = attic(grid)
    job = submit(grid, SLOW, "1-2")
    working(grid, job)
    database = grid.database_pid()
    grid.restart()
    assert not os.path.exists(f"/proc/{database}"), "MariaDB outlived its distrend"
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    grid.check_once(job)
    assert len(orders(slave, job)) == 2, f"a frame was given twice: {orders(slave, job)}"


@case
def a_stopped_slave_gives_its_frame_back_and_nobody_is_blamed(grid):
    slave = attic(grid)
    job = submit(grid, SLOW, "1")
    working(grid, job)
    status = slave.stop()
    assert status == 0, status
    wait_until("the frame is given back", lambda: grid.job(job)["leased"] == 0)
    assert grid.tasks(job)[0]["failures"] == 0, grid.tasks(job)
    assert len(orders(slave, job)) == 1, f"it was given work after it had said goodbye: {orders(slave, job)}"
    attic(grid)
    assert grid.wait(job)["state"] == "finished"


@case
def a_slave_killed_at_any_moment_loses_and_doubles_nothing(grid):
    seed = int(os.environ.get("TEST_SEED") or random.randrange(10**6))
    comment(f"TEST_SEED={seed}")
    moments = random.Random(seed)
    slave = attic(grid)
    job = submit(grid, PLAIN, "1-16")
    for _ in range(4):
        before = grid.job(job)["accepted"]
        wait_until("another frame", lambda: grid.job(job)["accepted"] > before or grid.job(job)["state"] == "finished")
        time.sleep(moments.uniform(0, 0.25))
        slave.kill9()
        slave.start()
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    grid.check_once(job)
    wait_until("its outbox is empty", lambda: not slave.held())


@case
def a_server_killed_at_any_moment_loses_and_doubles_nothing(grid):
    seed = int(os.environ.get("TEST_SEED") or random.randrange(10**6))
    comment(f"TEST_SEED={seed}")
    moments = random.Random(seed)
    slave = attic(grid)
    job = submit(grid, PLAIN, "1-16")
    for _ in range(4):
        before = grid.job(job)["accepted"]
        wait_until("another frame", lambda: grid.job(job)["accepted"] > before or grid.job(job)["state"] == "finished")
        time.sleep(moments.uniform(0, 0.25))
        kill_and_restart(grid)
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    grid.check_once(job)
    wait_until("its outbox is empty", lambda: not slave.held())


@case
def a_slave_killed_between_upload_and_report_reports_later(grid):
    rest(grid)
    pair = grid.new_slave("forgetful")
    job = submit(grid, PLAIN, "1")
    with Line(grid).welcome(pair).hello() as line:
        order = line.expect("order")
        content = picture(seed=1)
        upload = line.upload(order, content)
    with Line(grid).welcome(pair, "two").hello(holding=[order]) as line:
        line.result(order, content, upload)
        assert line.verdict() == {"type": "accepted", "attempt": order["attempt"]}
    assert grid.wait(job)["state"] == "finished"
    grid.check_once(job)
    assert grid.tasks(job)[0]["sha256"] == digest_of(content)


@case
def an_acceptance_that_never_arrived_is_said_again(grid):
    rest(grid)
    pair = grid.new_slave("deaf")
    job = submit(grid, PLAIN, "1")
    with Line(grid).welcome(pair).hello() as line:
        order = line.expect("order")
        content = picture(seed=2)
        upload = line.upload(order, content)
        line.result(order, content, upload)
    assert grid.wait(job)["state"] == "finished"
    for start in (lambda: None, grid.restart, lambda: kill_and_restart(grid)):
        start()
        with Line(grid).welcome(pair).hello(holding=[order]) as line:
            line.result(order, content, upload)
            assert line.verdict() == {"type": "accepted", "attempt": order["attempt"]}
    grid.check_once(job)


@case
def what_a_kill_left_between_verdict_and_rename_is_finished_by_the_next_start(grid):
    rest(grid)
    pair = grid.new_slave("unlucky")
    job = submit(grid, PLAIN, "1-2")
    with Line(grid).welcome(pair).hello(slots=2) as line:
        for _ in range(2):
            order = line.expect("order")
            line.deliver(order)
    assert grid.wait(job)["state"] == "finished"
    rows = grid.sql("SELECT t.id, a.id, a.output FROM task t JOIN attempt a ON a.task_id = t.id AND a.id = t.attempt_id "
                    f"WHERE t.job_id = {job}")
    grid.kill9()
    # As if the kill had come a moment earlier; and beside it an image that nobody accepted.
    staged = os.path.join(grid.home, "stor", "staged")
    assert os.listdir(staged) == []
    for task, attempt, output in rows:
        os.rename(os.path.join(grid.output(job), output), os.path.join(staged, f"{job}.{task}.{attempt}"))
    with open(os.path.join(staged, f"{job}.{task}.999999"), "wb") as file:
        file.write(b"nobody's")
    grid.start()
    assert os.listdir(staged) == [f"{job}.{task}.999999"], os.listdir(staged)
    grid.check_once(job)


@case
def a_leased_frame_is_not_given_twice_while_its_holder_is_away(grid):
    rest(grid)
    holder, eager = grid.new_slave("holder"), grid.new_slave("eager")
    job = submit(grid, PLAIN, "1-2")
    with Line(grid).welcome(holder).hello() as line:
        held = line.expect("order")
        journaled(grid, held)
    for start in (lambda: None, grid.restart, lambda: kill_and_restart(grid)):
        start()
        with Line(grid).welcome(eager).hello() as line:
            other = line.expect("order")
            assert other["task"] != held["task"], "the frame was given twice"
            line.send({"type": "result", "attempt": other["attempt"], "lease": other["lease"], "state": "returned",
                       "reason": "only looking"})
            assert line.verdict()["type"] == "accepted"
            again = line.expect("order")
            assert again["task"] == other["task"], "the frame was given twice"
    with Line(grid).welcome(holder).hello(holding=[held]) as line:
        line.deliver(held)
    with Line(grid).welcome(eager).hello() as line:
        line.deliver(line.expect("order"))
    assert grid.wait(job)["state"] == "finished"
    grid.check_once(job)


@case
def a_frame_whose_slave_never_comes_back_goes_to_another_after_its_lease(grid):
    rest(grid)
    grid.settings["times.lease_seconds"] = 5
    grid.write_config()
    grid.restart()
    lost, other = grid.new_slave("lost"), grid.new_slave("other")
    job = submit(grid, PLAIN, "1")
    with Line(grid).welcome(lost).hello() as line:
        order = line.expect("order")
    with Line(grid).welcome(other).hello() as line:
        second = line.expect("order", seconds=120)
        assert second["task"] == order["task"] and second["attempt"] != order["attempt"], second
        assert ["expired"] in grid.sql(f"SELECT ending FROM attempt WHERE id = {order['attempt']}") or wait_until(
            "the expiry is written", lambda: grid.sql(f"SELECT ending FROM attempt WHERE id = {order['attempt']}"))
        # The late one is first all the same: its work counts, the other is told to stop, nothing is stored twice.
        with Line(grid).welcome(lost).hello(slots=0, holding=[order]) as late:
            late.deliver(order)
        cancel = line.expect("cancel")
        assert cancel["attempt"] == second["attempt"], cancel
        content = picture(seed=3)
        upload = line.upload(second, content)
        line.result(second, content, upload)
        verdict = line.verdict()
        assert verdict["type"] == "rejected" and "first" in verdict["reason"], verdict
    assert grid.wait(job)["state"] == "finished"
    grid.check_once(job)


if __name__ == "__main__":
    run(Grid, Grid.evidence)
