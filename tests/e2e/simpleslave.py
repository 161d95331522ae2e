#!/usr/bin/env python3
"""distren-simpleslave renders for a real grid over HTTPS alone."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from programs import SOURCE, Daemon, program, sandbox_works, scenes  # noqa: E402
from tap import case, run, wait_until  # noqa: E402


class SimpleSlave(Daemon):
    def __init__(self, grid, name, password=None):
        self.grid, self.credentials = grid, grid.new_slave(name)
        self.folder = os.path.join(grid.folder, "simple", name)
        os.makedirs(self.folder)
        secret = os.path.join(self.folder, "password")
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write((password or self.credentials["slavepassword"]) + "\n")
        argv = [program("distren-simpleslave"), "--server", grid.url, "--ca-file", grid.ca, "--slavekey",
                self.credentials["slavekey"], "--slavepassword-file", secret,
                "--state", os.path.join(self.folder, "work"),
                "--methods", os.path.join(SOURCE, "methods")] + ([] if sandbox_works() else ["--no-sandbox"])
        super().__init__(argv, os.path.join(self.folder, "log"))
        grid.slaves.append(self)

    def shown(self):
        return self.grid.api("GET", f"/api/v1/slaves/{self.credentials['id']}")[1]


def submit(grid, scene, frames):
    return grid.submit(os.path.join(scenes(), scene), "--frames", frames)


@case
def a_simple_slave_renders_a_job(grid):
    job = submit(grid, "textured.blend", "1-3")
    shed = SimpleSlave(grid, "shed")
    shed.launch()
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    grid.check_once(job)
    assert all(task["slave"]["name"] == "shed" for task in grid.tasks(job)), grid.tasks(job)
    wait_until("its frames are counted", lambda: shed.shown()["frames_finished"] == 3)
    assert shed.shown()["online"] is True and shed.shown()["renderers"][0]["method"] == "blender", shed.shown()


@case
def its_progress_is_reported_and_cancelling_the_job_stops_its_renderer(grid):
    shed = grid.slaves[0] if grid.slaves else SimpleSlave(grid, "shed")
    if not shed.alive():
        shed.launch()
    job = submit(grid, "slow.blend", "1")
    wait_until("it is rendering", lambda: grid.rendering(job) > 0)
    assert shed.shown()["current_tasks"][0]["job_id"] == job, shed.shown()
    grid.cli("cancel", job, check=0)
    other = submit(grid, "plain.blend", "5")
    assert grid.wait(other)["state"] == "finished"
    assert grid.job(job)["tasks"]["finished"] == 0


@case
def killing_slave_and_server_loses_no_frame(grid):
    shed = grid.slaves[0] if grid.slaves else SimpleSlave(grid, "shed")
    if not shed.alive():
        shed.launch()
    job = submit(grid, "plain.blend", "1-6")
    grid.wait_frames(job, 1)
    shed.kill9()
    grid.kill9()
    grid.start()
    shed.launch()
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    grid.check_once(job)
    shed.kill9()


@case
def with_once_it_exits_after_one_frame(grid):
    job = submit(grid, "plain.blend", "1-2")
    one = SimpleSlave(grid, "once")
    done = subprocess.run([*one.argv, "--once"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done
    assert grid.job(job)["tasks"]["finished"] == 1, grid.job(job)
    grid.cli("cancel", job, check=0)


@case
def with_a_wrong_password_it_exits_with_status_three(grid):
    wrong = SimpleSlave(grid, "mistyped", "not the password")
    done = subprocess.run(wrong.argv, capture_output=True, text=True, timeout=120)
    assert done.returncode == 3 and "slavepassword is wrong" in done.stderr, done
    assert "not the password" not in done.stderr, "its log contains the password"


@case
def an_untrusted_certificate_is_rejected(grid):
    stranger = SimpleSlave(grid, "careful")
    argv = [word for word in stranger.argv if word not in ("--ca-file", grid.ca)]
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        log = ""
        while "certificate" not in log.lower():
            line = child.stderr.readline()
            assert line, f"it ended without mentioning the certificate: {log}"
            log += line
    finally:
        child.kill()
        child.wait()
        child.stderr.close()
    assert not stranger.shown()["last_seen_at"], stranger.shown()


if __name__ == "__main__":
    run(lambda: Grid({"listen.line": ""}), Grid.evidence)  # without the line listener
