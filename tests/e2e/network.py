#!/usr/bin/env python3
"""A network that breaks at every stage of a frame, a server that is away, a renderer that is killed: every frame is
there in the end, once, and no frame is blamed for it."""
import contextlib
import os
import random
import shutil
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from cable import Cable  # noqa: E402
from grid import Grid  # noqa: E402
from programs import free_ports, need, read_log, renderers, scenes  # noqa: E402
from tap import case, comment, run, wait_until  # noqa: E402

HEARTBEAT, LEASE = 2, 8


def submit(grid, scene, frames, *options):
    return grid.submit(os.path.join(scenes(), scene), "--frames", frames, *options)


def ended_well(grid, job):
    assert grid.wait(job)["state"] == "finished", (grid.job(job), grid.tasks(job))
    grid.check_once(job)
    assert all(task["failures"] == 0 for task in grid.tasks(job)), grid.tasks(job)
    wait_until("the outbox is empty", lambda: not grid.slaves[0].held())


@case
def a_line_that_breaks_after_any_number_of_bytes_loses_and_doubles_nothing(grid):
    slave, line = grid.slaves[0], grid.line
    # Some 3,000 bytes are the handshake; every second connection gets further than that, or nothing would ever be said.
    line.budgets = [each for step in range(9) for each in (4500 + 500 * step, 250 + 400 * step)]
    before = line.cuts
    line.cut()
    job = submit(grid, "plain.blend", "1-16")
    ended_well(grid, job)
    comment(f"{line.cuts - before} connections were cut, after {sorted(line.carried)} bytes")
    assert line.cuts - before >= 5, line.cuts
    line.budgets = []
    wait_until("the slave is back", slave.online)


@case
def files_whose_transfer_breaks_anywhere_are_resumed(grid):
    files = grid.files
    carried = len(files.carried)
    # Its 2 MB come, and pictures go, in pieces of very different sizes.
    moments = random.Random(7)
    files.budgets = [moments.choice((900, 4000, 9000, 40000, 200000, 900000)) for _ in range(24)]
    before = files.cuts
    files.cut()
    root = os.path.join(grid.folder, "scene with a texture")
    os.mkdir(root)
    shutil.copy(os.path.join(scenes(), "plain.blend"), root)
    with open(os.path.join(root, "ballast"), "wb") as file:
        file.write(os.urandom(2 << 20))
    ended_well(grid, grid.submit(os.path.join(root, "plain.blend"), "--root", root, "--frames", "1-4"))
    comment(f"{files.cuts - before} transfers were cut, after {sorted(files.carried[carried:])} bytes")
    assert files.cuts - before >= 5, files.cuts
    files.budgets = []


@case
def a_line_that_goes_silent_without_a_word_is_noticed_and_made_anew(grid):
    job = submit(grid, "slow.blend", "1-2")
    wait_until("a frame is half rendered", lambda: any(t["fraction"] for t in grid.tasks(job) if t["state"] == "leased"))
    grid.line.go_silent()
    ended_well(grid, job)
    given = [line for line in read_log(grid.slaves[0].log).splitlines() if f" job={job} " in line and "order attempt=" in line]
    assert len(given) == 2, f"a frame was given twice: {given}"


@case
def what_was_rendered_while_the_server_was_away_is_handed_in_after_a_restart_of_the_machine(grid):
    slave = grid.slaves[0]
    job = submit(grid, "plain.blend", "1-12")
    wait_until("the slave has orders ahead", lambda: grid.job(job)["leased"] >= 4)
    grid.line.pull()
    grid.files.pull()
    accepted = grid.job(job)["accepted"]
    wait_until("it renders all that it has", lambda: len(slave.held()) >= 3)
    grid.stop()
    slave.kill9()  # the machine is switched off, with pictures that nobody has taken
    held = set(slave.held())
    slave.launch()
    time.sleep(LEASE + 1)  # no lease is good any more
    assert set(slave.held()) >= held, "a picture was dropped while the server was away"
    grid.start()
    grid.line.plug()
    grid.files.plug()
    ended_well(grid, job)
    ids = ",".join(held)
    endings = grid.sql(f"SELECT ending, COUNT(*) FROM attempt WHERE id IN ({ids}) GROUP BY ending")
    assert endings == [["accepted", str(len(held))]], (endings, accepted, held)


@case
def a_renderer_that_is_killed_at_any_moment_costs_time_and_nothing_else(grid):
    seed = int(os.environ.get("TEST_SEED") or random.randrange(10**6))
    comment(f"TEST_SEED={seed}")
    moments = random.Random(seed)
    slave = grid.slaves[0]
    job = submit(grid, "slow.blend", "1-4")
    killed, seen = 0, set()
    while killed < 4 and grid.job(job)["state"] == "active":
        time.sleep(moments.uniform(0, 1.2))
        accepted = grid.job(job)["accepted"]
        for renderer in renderers(slave) if accepted not in seen else ():  # the same frame twice would be its fault
            with contextlib.suppress(ProcessLookupError):
                os.kill(renderer, signal.SIGKILL)
                killed += 1
                seen.add(accepted)
    assert grid.wait(job)["state"] == "finished", (grid.job(job), grid.tasks(job))
    grid.check_once(job)
    failures = sum(task["failures"] for task in grid.tasks(job))
    comment(f"{killed} killed, {failures} of them the same frame twice")
    assert killed >= 2 and failures < killed, (killed, failures)


@case
def a_frame_whose_renderer_is_killed_again_and_again_fails_like_one_that_crashes(grid):
    job = submit(grid, "slow.blend", "1")
    while grid.job(job)["state"] == "active":
        for renderer in renderers(grid.slaves[0]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(renderer, signal.SIGKILL)
        time.sleep(0.2)
    task = grid.tasks(job)[0]
    assert grid.job(job)["state"] == "failed" and task["failures"] == 3, (grid.job(job), task)


class CutGrid(Grid):
    """A grid whose slave reaches it by cables alone: one for the line, one for files."""

    def __init__(self):
        (https,) = free_ports(1)
        self.files = Cable(https)
        super().__init__({"listen.https": f"127.0.0.1:{https}", "url": f"https://localhost:{self.files.port}",
                          "times.heartbeat_seconds": HEARTBEAT, "times.lease_seconds": LEASE})
        self.url = f"https://localhost:{https}"
        self.line = Cable(self.line_port)

    def close(self):
        super().close()
        self.line.__exit__()
        self.files.__exit__()


@contextlib.contextmanager
def make_grid():
    need("blender")
    with CutGrid() as grid:
        grid.add_slave("attic", port=grid.line.port)
        yield grid


run(make_grid, Grid.evidence)
