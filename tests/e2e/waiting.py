#!/usr/bin/env python3
"""Waiting ends, and says why: jobs that the server pauses, jobs made of the output of one that failed or was cancelled,
also after the server is killed; and what renderers warn of arrives with frame and job."""
import contextlib
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from programs import SOURCE, sandbox_works  # noqa: E402
from tap import Skip, case, run  # noqa: E402

GOOD = """#version 3.7;
global_settings { assumed_gamma 1 }
camera { location <0, 0, -5> look_at 0 }
sphere { <0, 0, 0>, 1 pigment { color rgb clock } }
"""
BAD = "#version 3.7;\n#error \"this scene is broken\"\n"
WARNING = GOOD + "#warning \"this is deprecated\"\n"


def scene(grid, name, text):
    path = os.path.join(grid.folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def submitted(grid, name, text, *options):
    done = grid.cli("submit", scene(grid, name, text), "--method", "povray", "--set", "width=16", "--set", "height=16",
                    *options, "--json", check=0)
    return [job["id"] for job in json.loads(done.stdout)["jobs"]]


@case
def wait_ends_when_the_server_pauses_the_job(grid):
    done = grid.cli("submit", scene(grid, "bad.pov", BAD), "--method", "povray", "--set", "width=16", "--set",
                    "height=16", "--frames", "1-8", "--wait", check=1, timeout=170)
    assert "paused: 3 of 8 frames failed alike" in done.stderr and "distren resume" in done.stderr, done.stderr
    grid.paused = max(job["id"] for job in json.loads(grid.cli("jobs", "--json", check=0).stdout)["items"])
    assert grid.job(grid.paused)["paused_by"] == "server", grid.job(grid.paused)


@case
def waiting_for_what_is_made_of_a_paused_job_ends_too(grid):
    frames, video = submitted(grid, "bad.pov", BAD, "--frames", "1-8", "--video", "MP4")
    done = grid.cli("job", "show", video, "--wait", check=1, timeout=170)
    assert f"Job {frames} paused" in done.stderr, done.stderr


@case
def the_owners_own_pause_does_not_end_the_waiting(grid):
    number = submitted(grid, "held.pov", GOOD, "--frames", "1-2", "--paused")[0]
    assert grid.job(number)["paused_by"] == "owner", grid.job(number)
    grid.cli("resume", number, check=0)
    assert "finished" in grid.cli("job", "show", number, "--wait", check=0).stderr
    assert grid.job(number)["paused_by"] is None


@case
def what_is_made_of_a_failed_job_fails_with_it(grid):
    frames, video = submitted(grid, "bad.pov", BAD, "--frames", "1-2", "--video", "MP4")
    job = grid.wait(video)
    assert job["state"] == "failed" and f"job {frames}, whose output it is made of, failed" in job["state_reason"], job
    assert "failed" in grid.cli("job", "show", video, check=0).stdout
    assert "made of" in grid.cli("job", "show", video, "--wait", check=1).stderr
    assert "requeue that one" in grid.cli("requeue", video, check=1).stderr
    grid.cli("requeue", frames, check=0)
    assert grid.job(video)["state"] == "active", "it follows the frames"
    assert grid.wait(video)["state"] == "failed"
    grid.cli("delete", frames, check=0)
    assert "deleted" in grid.cli("requeue", video, check=1).stderr


@case
def a_killed_server_ends_what_was_left_waiting(grid):
    frames, video = submitted(grid, "held.pov", GOOD, "--frames", "1-2", "--video", "MP4", "--paused")
    # As an older server left it, or one that was killed between the two.
    grid.sql(f"UPDATE job SET state = 'cancelled', state_reason = 'cancelled by its owner' WHERE id = {frames}")
    grid.kill9()
    grid.start()
    job = grid.job(video)
    assert job["state"] == "failed" and "was cancelled by its owner" in job["state_reason"], job


@case
def what_the_renderer_warns_of_stands_with_frame_and_job(grid):
    number = submitted(grid, "warns.pov", WARNING, "--frames", "1-3")[0]
    done = grid.cli("job", "show", number, "--wait", check=0)
    job = grid.job(number)
    assert len(job["warnings"]) == 1 and job["warnings"][0]["task_count"] == 3, job["warnings"]
    said = job["warnings"][0]["message"]
    assert f"warning: {said} (3 frames)" in done.stderr, done.stderr
    assert said in grid.cli("job", "show", number, check=0).stdout
    assert all(task["warnings"][0]["message"] == said for task in grid.tasks(number)), grid.tasks(number)
    assert said in grid.cli("job", "show", number, "--frames", check=0).stdout
    grid.cli("requeue", number, "--all", check=0)
    grid.wait(number)
    assert grid.job(number)["warnings"][0]["task_count"] == 3, "frames that are rendered again count once"


@contextlib.contextmanager
def make_grid():
    if not sandbox_works():
        raise Skip("there is no sandbox here")
    for name in ("povray", "ffmpeg"):
        if not shutil.which(name):
            raise Skip(f"there is no {name}")
    with Grid() as grid:
        methods = os.path.join(grid.folder, "methods")  # what is not needed need not be started
        for name in ("povray", "ffmpeg"):
            shutil.copytree(os.path.join(SOURCE, "methods", name), os.path.join(methods, name))
        shutil.copy(os.path.join(SOURCE, "methods", "method.xsd"), methods)
        grid.add_slave("attic", methods=methods)
        yield grid


run(make_grid, Grid.evidence)
