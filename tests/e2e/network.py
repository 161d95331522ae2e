#!/usr/bin/env python3
"""The network fails at every stage of a frame, the server is down, the renderer is killed: every frame is rendered
exactly once, and none counts a failure for it."""
import contextlib
import os
import random
import shutil
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from fault_proxy import FaultProxy  # noqa: E402
from grid import Grid  # noqa: E402
from programs import free_ports, need, read_log, renderers, scenes  # noqa: E402
from tap import case, comment, run, wait_until  # noqa: E402

HEARTBEAT, LEASE = 2, 8


def submit(grid, scene, frames, *options):
    return grid.submit(os.path.join(scenes(), scene), "--frames", frames, *options)


def finishes_cleanly(grid, job):
    assert grid.wait(job)["state"] == "finished", (grid.job(job), grid.tasks(job))
    grid.check_once(job)
    assert all(task["failure_count"] == 0 for task in grid.tasks(job)), grid.tasks(job)
    wait_until("the outbox is empty", lambda: not grid.slaves[0].unsent())


@case
def a_connection_reset_after_any_number_of_bytes_loses_and_duplicates_nothing(grid):
    slave, line = grid.slaves[0], grid.line
    # The handshake takes some 3,000 bytes; every second connection gets further, or no message would ever arrive.
    line.budgets = [each for step in range(9) for each in (4500 + 500 * step, 250 + 400 * step)]
    before = line.cuts
    line.cut()
    job = submit(grid, "plain.blend", "1-16")
    finishes_cleanly(grid, job)
    comment(f"{line.cuts - before} connections were cut, after {sorted(line.relayed)} bytes")
    assert line.cuts - before >= 5, line.cuts
    line.budgets = []
    wait_until("the slave is online again", slave.online)


@case
def a_file_transfer_reset_at_any_byte_resumes(grid):
    files = grid.files
    relayed = len(files.relayed)
    # 2 MB are downloaded, and images uploaded, in pieces of very different sizes.
    moments = random.Random(7)
    files.budgets = [moments.choice((900, 4000, 9000, 40000, 200000, 900000)) for _ in range(24)]
    before = files.cuts
    files.cut()
    root = os.path.join(grid.folder, "scene with a texture")
    os.mkdir(root)
    shutil.copy(os.path.join(scenes(), "plain.blend"), root)
    with open(os.path.join(root, "ballast"), "wb") as file:
        file.write(os.urandom(2 << 20))
    finishes_cleanly(grid, grid.submit(os.path.join(root, "plain.blend"), "--root", root, "--all-files", "--frames", "1-4"))
    comment(f"{files.cuts - before} transfers were cut, after {sorted(files.relayed[relayed:])} bytes")
    assert files.cuts - before >= 5, files.cuts
    files.budgets = []


@case
def a_stalled_connection_is_detected_and_replaced(grid):
    job = submit(grid, "slow.blend", "1-2")
    wait_until("a frame is half rendered", lambda: any(t["progress"] for t in grid.tasks(job) if t["state"] == "rendering"))
    grid.line.stall()
    finishes_cleanly(grid, job)
    log = read_log(grid.slaves[0].log).splitlines()
    dispatched = [line for line in log if f" job={job} " in line and "order attempt=" in line]
    assert len(dispatched) == 2, f"a frame was dispatched twice: {dispatched}"


@case
def frames_rendered_while_the_server_is_down_are_uploaded_after_the_slave_restarts(grid):
    slave = grid.slaves[0]
    job = submit(grid, "plain.blend", "1-12")
    wait_until("the slave has queued orders", lambda: grid.rendering(job) >= 4)
    grid.line.disconnect()
    grid.files.disconnect()
    accepted = grid.job(job)["tasks"]["finished"]
    wait_until("it renders its queued frames", lambda: len(slave.unsent()) >= 3)
    grid.stop()
    slave.kill9()  # power failure, with images that are not uploaded yet
    held = set(slave.unsent())
    slave.launch()
    time.sleep(LEASE + 1)  # every lease has expired
    assert set(slave.unsent()) >= held, "an image was dropped while the server was down"
    grid.start()
    grid.line.reconnect()
    grid.files.reconnect()
    finishes_cleanly(grid, job)
    ids = ",".join(held)
    outcomes = grid.sql(f"SELECT outcome, COUNT(*) FROM attempt WHERE id IN ({ids}) GROUP BY outcome")
    assert outcomes == [["accepted", str(len(held))]], (outcomes, accepted, held)


@case
def a_renderer_killed_at_any_moment_costs_only_time(grid):
    seed = int(os.environ.get("TEST_SEED") or random.randrange(10**6))
    comment(f"TEST_SEED={seed}")
    moments = random.Random(seed)
    slave = grid.slaves[0]
    job = submit(grid, "slow.blend", "1-4")
    killed, seen = 0, set()
    while killed < 4 and grid.job(job)["state"] == "active":
        time.sleep(moments.uniform(0, 1.2))
        accepted = grid.job(job)["tasks"]["finished"]
        for renderer in renderers(slave) if accepted not in seen else ():  # the same frame twice would be its fault
            with contextlib.suppress(ProcessLookupError):
                os.kill(renderer, signal.SIGKILL)
                killed += 1
                seen.add(accepted)
    assert grid.wait(job)["state"] == "finished", (grid.job(job), grid.tasks(job))
    grid.check_once(job)
    failures = sum(task["failure_count"] for task in grid.tasks(job))
    comment(f"{killed} killed, {failures} of them the same frame twice")
    assert killed >= 2 and failures < killed, (killed, failures)


@case
def a_frame_whose_renderer_is_killed_repeatedly_fails_like_one_that_crashes(grid):
    job = submit(grid, "slow.blend", "1")
    while grid.job(job)["state"] == "active":
        for renderer in renderers(grid.slaves[0]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(renderer, signal.SIGKILL)
        time.sleep(0.2)
    task = grid.tasks(job)[0]
    assert grid.job(job)["state"] == "failed" and task["failure_count"] == 3, (grid.job(job), task)


class FaultyGrid(Grid):
    """A grid that its slave reaches only through fault proxies: one for the line protocol, one for files."""

    def __init__(self):
        (https,) = free_ports(1)
        self.files = FaultProxy(https)
        super().__init__({"listen.https": f"127.0.0.1:{https}", "public_url": f"https://localhost:{self.files.port}",
                          "times.heartbeat_seconds": HEARTBEAT, "times.lease_seconds": LEASE})
        self.url = f"https://localhost:{https}"
        self.line = FaultProxy(self.line_port)

    def close(self):
        super().close()
        self.line.__exit__()
        self.files.__exit__()


@contextlib.contextmanager
def make_grid():
    need("blender")
    with FaultyGrid() as grid:
        grid.add_slave("attic", port=grid.line.port)
        yield grid


run(make_grid, Grid.evidence)
