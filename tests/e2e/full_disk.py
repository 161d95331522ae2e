#!/usr/bin/env python3
"""Full disks of the server and of a slave: errors explain it, and work resumes when there is space."""
import contextlib
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from malicious_slave import Line, image, slave as credentials_of  # noqa: E402
from programs import need, read_log, scenes  # noqa: E402
from tap import Skip, case, run, wait_until  # noqa: E402


class SmallDisk:
    """A tmpfs of some MiB."""

    def __init__(self, folder, mib):
        self.folder, self.filler = folder, os.path.join(folder, "filler")
        os.makedirs(folder, exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=700", "tmpfs", folder],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise Skip(f"no tmpfs can be mounted here: {done.stderr.strip()}")

    def fill(self):
        with open(self.filler, "ab", buffering=0) as file:
            for size in (1 << 20, 4096):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"\0" * size)

    def free(self):
        os.remove(self.filler)

    def unmount(self):
        subprocess.run(["umount", "-l", self.folder], check=True)


@contextlib.contextmanager
def fixture():
    if os.geteuid() != 0:
        raise Skip("only root can mount a small disk")
    need("mount")
    grid = Grid()
    grid.disk = SmallDisk(os.path.join(grid.home, "stor"), 24)
    try:
        grid.start()
        yield grid
    finally:
        grid.close()
        grid.disk.unmount()
        subprocess.run(["rm", "-rf", grid.folder], check=True)


@contextlib.contextmanager
def full(disk):
    disk.fill()
    try:
        yield
    finally:
        disk.free()


@case
def a_full_disk_rejects_uploads_with_an_explanation(grid):
    content = os.urandom(1 << 20)
    with full(grid.disk):
        status, answer = grid.upload(content)
        assert status == 507, (status, answer)
        assert b"disk" in answer and b'"code":"disk_full"' in answer, answer
        done = grid.cli("submit", os.path.join(scenes(), "plain.blend"), "--frames", "1", check=5)
        assert "disk" in done.stderr, done.stderr
        assert grid.api("GET", "/api/v1/jobs")[1]["items"] == []
        assert grid.api("GET", "/healthz", token="")[0] == 200
    assert grid.upload(content)[0] == 201
    job = grid.submit(os.path.join(scenes(), "plain.blend"), "--frames", "1", "--paused")
    grid.cli("cancel", job, check=0)


@case
def a_file_larger_than_the_free_space_is_rejected_before_the_upload(grid):
    content = os.urandom(30 << 20)
    status, answer = grid.upload(content)
    assert status == 507 and b"disk" in answer, (status, answer)
    uploads = os.path.join(grid.home, "stor", "upload")
    assert not [name for name in os.listdir(uploads) if name.endswith(".part")], os.listdir(uploads)
    assert grid.upload(content[:1 << 20])[0] == 201


@case
def a_slave_keeps_results_until_the_server_has_space(grid):
    slave = grid.add_slave("attic")
    job = grid.submit(os.path.join(scenes(), "plain.blend"), "--frames", "1-3", "--paused")
    with full(grid.disk):
        grid.cli("resume", job, check=0)
        wait_until("a result is kept", slave.unsent, 120)
        wait_until("it logs the reason", lambda: "disk" in read_log(slave.log) or "room" in read_log(slave.log), 120)
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    grid.check_once(job)
    assert all(task["failure_count"] == 0 for task in grid.tasks(job)), grid.tasks(job)
    wait_until("its outbox is empty", lambda: not slave.unsent())
    slave.stop()


@case
def an_image_that_cannot_be_stored_is_requested_again(grid):
    job = grid.submit(os.path.join(scenes(), "plain.blend"), "--frames", "1")
    with Line(grid).welcome(credentials_of(grid, "simulated")).announce() as line:
        order = line.expect_order()
        with full(grid.disk):
            assert line.upload(order, image()) == 507, line.refusal
        line.deliver(order)
    assert grid.wait(job)["state"] == "finished"
    grid.check_once(job)


@case
def a_slave_with_a_full_disk_returns_frames_without_failures(grid):
    disk = SmallDisk(os.path.join(grid.folder, "slaves", "shed", "state"), 96)
    try:
        shed = grid.add_slave("shed", start=False)
        shed.start()
        before = grid.submit(os.path.join(scenes(), "plain.blend"), "--frames", "5")
        assert grid.wait(before)["state"] == "finished", grid.job(before)
        job = grid.submit(os.path.join(scenes(), "plain.blend"), "--frames", "1-4", "--paused")
        seen = len(read_log(shed.log))
        with full(disk):
            grid.cli("resume", job, check=0)
            wait_until("it backs off", lambda: "backing off" in read_log(shed.log)[seen:], 120)
            wait_until("the frame is returned", lambda: grid.rendering(job) == 0)
            assert shed.alive()
            log = read_log(shed.log)[seen:].lower()
            assert "disk" in log or "no space" in log, log
        assert grid.wait(job)["state"] == "finished", grid.job(job)
        assert all(task["failure_count"] == 0 for task in grid.tasks(job)), grid.tasks(job)
        grid.check_once(job)
        shed.stop()
    finally:
        disk.unmount()


@case
def a_disk_that_fills_up_during_rendering_is_not_a_failure_of_the_frame(grid):
    disk = SmallDisk(os.path.join(grid.folder, "slaves", "barn", "state"), 96)
    try:
        barn = grid.add_slave("barn")
        job = grid.submit(os.path.join(scenes(), "slow.blend"), "--frames", "1")
        wait_until("it renders", lambda: [task for task in grid.tasks(job) if (task["progress"] or 0) > 0])
        with full(disk):
            wait_until("it backs off", lambda: "backing off" in read_log(barn.log), 120)
            wait_until("the frame is returned", lambda: grid.rendering(job) == 0)
        assert grid.wait(job)["state"] == "finished", grid.job(job)
        assert grid.tasks(job)[0]["failure_count"] == 0, grid.tasks(job)
        grid.check_once(job)
        barn.stop()
    finally:
        disk.unmount()


@case
def a_slave_that_cannot_store_a_scene_backs_off(grid):
    disk = SmallDisk(os.path.join(grid.folder, "slaves", "cellar", "state"), 96)
    try:
        cellar = grid.add_slave("cellar", start=False)
        cellar.start()
        with full(disk):
            job = grid.submit(os.path.join(scenes(), "textured.blend"), "--frames", "1")
            wait_until("it backs off", lambda: "backing off" in read_log(cellar.log), 120)
            wait_until("the frame is returned", lambda: grid.rendering(job) == 0)
            assert grid.tasks(job)[0]["failure_count"] == 0, grid.tasks(job)
        assert grid.wait(job)["state"] == "finished", grid.job(job)
        grid.check_once(job)
        cellar.stop()
    finally:
        disk.unmount()


if __name__ == "__main__":
    run(fixture, Grid.evidence)
