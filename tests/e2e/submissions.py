#!/usr/bin/env python3
"""kill -9 of the server in the middle of submissions: after the restart each one is complete or absent."""
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from programs import read_log, scenes  # noqa: E402
from tap import case, comment, run, wait_until  # noqa: E402

FRAMES = 600
TILES = 4
# Jobs of a submission of this test: name, tasks, needs approval.
WHOLE = [("film: tiles", FRAMES * TILES, True), ("film", FRAMES, False), ("film: video", 1, False)]


def scene():
    with open(os.path.join(scenes(), "plain.blend"), "rb") as file:
        return file.read()


def submit_for_ever(grid, content, stop):
    """Submits repeatedly; outcomes are checked at the end."""
    while not stop.is_set():
        try:
            grid.post_job({"scene.blend": content}, f"1-{FRAMES}", name="film", tiles="2x2", video={"format": "MP4"},
                          test_first=True, project_id=1, shot_name=f"SQ/{random.randrange(10**6)}")
        except (OSError, AssertionError, ValueError):  # the server is down, or was killed while it replied
            time.sleep(0.05)


def jobs_of(grid):
    """All jobs, by their submission, oldest first."""
    found, cursor = {}, ""
    while True:
        status, page = grid.api("GET", f"/api/v1/jobs?limit=1000&cursor={cursor}")
        assert status == 200, page
        for job in page["items"]:
            found.setdefault(job["submission_id"], []).insert(0, job)
        if page["next_cursor"] is None:
            return found
        cursor = page["next_cursor"]


def check_whole(grid):
    """Returns how many submissions there are, all of them whole."""
    found = jobs_of(grid)
    for first, jobs in found.items():
        assert [(job["name"], job["tasks"]["total"]) for job in jobs] == [(name, tasks) for name, tasks, _ in WHOLE], jobs
        held = grid.sql(f"SELECT needs_approval FROM job WHERE id = {first} OR submission_id = {first} ORDER BY id")
        assert [row[0] == "1" for row in held] == [held for _, _, held in WHOLE], held
        assert len({job["shot"]["id"] for job in jobs}) == 1 and jobs[0]["shot"] is not None, jobs
        assert [job["made_from_job_id"] for job in jobs] == [None, jobs[0]["id"], jobs[1]["id"]], jobs
        for job in jobs:
            assert os.path.isdir(grid.output(job["id"])), f"job {job['id']} has no folder"
            rows = grid.sql(f"SELECT COUNT(*), COUNT(DISTINCT frame) FROM task WHERE job_id = {job['id']}")[0]
            frames = FRAMES if job["tasks"]["total"] > 1 else 1
            assert rows == [str(job["tasks"]["total"]), str(frames)], rows
        assert os.path.isfile(os.path.join(grid.home, "stor", f"job{first}", "scene.blend"))
    return len(found)


def nothing_is_left_over(grid):
    assert grid.sql("SELECT id FROM job WHERE state = 'creating'") == []
    assert grid.sql("SELECT t.id FROM task t LEFT JOIN job j ON j.id = t.job_id WHERE j.id IS NULL LIMIT 3") == []
    rows = {f"job{row[0]}" for row in grid.sql("SELECT id FROM job")}
    folders = {name for name in os.listdir(os.path.join(grid.home, "stor")) if name.startswith("job")}
    assert folders == rows, f"folders {folders - rows} have no row, rows {rows - folders} no folder"
    assert not [name for name in os.listdir(os.path.join(grid.home, "stor")) if name.startswith(".removed")]


@case
def a_submission_is_whole_or_not_there_wherever_the_server_is_killed(grid):
    seed = int(os.environ.get("TEST_SEED") or random.randrange(10**6))
    comment(f"TEST_SEED={seed}")
    moments = random.Random(seed)
    content = scene()
    assert grid.upload(content, "scene.blend")[0] in (201, 204)
    assert grid.api("POST", "/api/v1/projects", {"name": "film"})[1]["id"] == 1
    for _ in range(6):
        stop = threading.Event()
        threads = [threading.Thread(target=submit_for_ever, args=(grid, content, stop)) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(moments.uniform(0.5, 1.5))
        grid.kill9()
        stop.set()
        for thread in threads:
            thread.join()
        grid.start()
        nothing_is_left_over(grid)
    count = check_whole(grid)
    comment(f"{count} submissions whole, {read_log(grid.log).count('which was never completed')} swept")
    assert count > 0


@case
def a_large_submission_that_was_interrupted_can_be_sent_again(grid):
    content = scene()
    posting = threading.Thread(target=lambda: quietly(grid.post_job, {"scene.blend": content}, "1-100000", name="long"))
    posting.start()
    wait_until("some of its frames are written",
               lambda: grid.sql("SELECT 1 FROM job WHERE state = 'creating' AND task_count = 100000"), seconds=60)
    assert not [job for jobs in jobs_of(grid).values() for job in jobs if job["name"] == "long"], "it is seen already"
    grid.kill9()
    posting.join()
    grid.start()
    nothing_is_left_over(grid)
    assert not [job for jobs in jobs_of(grid).values() for job in jobs if job["name"] == "long"]
    status, job = grid.post_job({"scene.blend": content}, "1-100000", name="long")
    assert status == 201 and job["tasks"]["total"] == 100000, job
    assert grid.sql(f"SELECT COUNT(*) FROM task WHERE job_id = {job['id']}") == [["100000"]]


def quietly(call, *arguments, **named):
    try:
        call(*arguments, **named)
    except (OSError, AssertionError, ValueError):
        pass


if __name__ == "__main__":
    run(Grid, Grid.evidence)
