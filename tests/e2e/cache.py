#!/usr/bin/env python3
"""Two slaves of a host share one cache: a scene is stored once, and both render it."""
import glob
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from programs import sandbox_works, scenes  # noqa: E402
from tap import case, run, wait_until  # noqa: E402


def cached(grid):
    return glob.glob(os.path.join(grid.folder, "shared", "??", "?" * 64))


def copies(slave):
    return [path for path in glob.glob(os.path.join(slave.state, "jobs", "*", "plain.blend"))
            if not os.path.dirname(path).endswith(".new")]


def submit(grid, frames):
    return grid.submit(os.path.join(scenes(), "plain.blend"), "--frames", frames)


@case
def two_slaves_share_one_cached_scene(grid):
    shared = os.path.join(grid.folder, "shared")
    slaves = [grid.add_slave(name, cache=shared) for name in ("left", "right")]
    job = submit(grid, "1-8")
    wait_until("both have the scene", lambda: all(copies(slave) for slave in slaves))
    assert grid.wait(job)["state"] == "finished"
    files = cached(grid)
    assert len(files) == 1, files
    if sandbox_works():  # otherwise each has a private copy
        inodes = {os.stat(path).st_ino for path in files + copies(slaves[0]) + copies(slaves[1])}
        assert len(inodes) == 1, (files, inodes)
    assert not os.listdir(os.path.join(shared, "incoming"))
    assert not os.path.exists(os.path.join(slaves[0].state, "cache"))


@case
def a_corrupted_cache_file_is_downloaded_again(grid):
    for slave in grid.slaves:
        slave.stop()
        shutil.rmtree(os.path.join(slave.state, "jobs"))
    (file,) = cached(grid)
    with open(file, "rb") as good:
        content = good.read()
    os.unlink(file)
    with open(file, "wb") as bad:
        bad.write(content[:-1] + bytes([content[-1] ^ 1]))
    for slave in grid.slaves:
        slave.start()
    assert grid.wait(submit(grid, "1-4"))["state"] == "finished"
    with open(file, "rb") as again:
        assert again.read() == content
    assert cached(grid) == [file]


if __name__ == "__main__":
    run(Grid, Grid.evidence)
