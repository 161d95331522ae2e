#!/usr/bin/env python3
"""One job, one build: its frames never come from two versions, over a kill, a second slave in the same instant and a
change of its renderer. The slaves are simulated: what they announce is all that counts here."""
import contextlib
import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from malicious_slave import Line, slave  # noqa: E402
from programs import scenes  # noqa: E402
from tap import case, run, wait_until  # noqa: E402

BUILD_A = "a" * 64


def renderer(version, **more):
    return {"method": "blender", "version": version, "engines": [], **more}


@contextlib.contextmanager
def connected(grid, name, *renderers, **more):
    with Line(grid).welcome(slave(grid, name)) as line:
        yield line.announce(renderers=list(renderers), **more)


def plain():
    with open(os.path.join(scenes(), "plain.blend"), "rb") as file:
        return {"plain.blend": file.read()}


def new_job(grid, frames="1-3", **members):
    status, job = grid.post_job(plain(), frames, **members)
    assert status == 201, job
    return job


def renderer_of(grid, job):
    answer = grid.job(job["id"])["renderer"]
    return answer["version"], answer["build"]


def nothing_for(line, seconds=2):
    """No order comes; pings are answered."""
    try:
        order = line.expect_order(seconds)
    except TimeoutError:
        return
    except AssertionError as error:
        assert "no order came" in str(error), error
        return
    raise AssertionError(f"an order of another build: {order['renderer']}")


@contextlib.contextmanager
def fixture():
    with Grid() as grid:
        yield grid


@case
def a_grid_without_renderers_chooses_with_the_first_order_and_keeps_to_it_over_a_kill(grid):
    job = new_job(grid, "1-4")
    assert renderer_of(grid, job) == (None, None), grid.job(job["id"])["renderer"]
    with connected(grid, "first", renderer("4.3.2")) as first:
        order = first.expect_order()
        assert order["renderer"]["version"] == "4.3.2", order
        assert renderer_of(grid, job) == ("4.3.2", None), "an order was out before its renderer was written down"
        with connected(grid, "second", renderer("5.2.2")) as second:
            nothing_for(second)
        grid.child.send_signal(signal.SIGKILL)
        grid.child.wait()
    grid.start()
    with connected(grid, "second", renderer("5.2.2")) as second:
        nothing_for(second)
        with connected(grid, "first", renderer("4.3.2")) as first:
            for _ in range(4):
                each = first.expect_order()
                assert each["renderer"]["version"] == "4.3.2", each
                first.deliver(each)
            assert grid.wait(job["id"])["state"] == "finished"


@case
def a_job_is_pinned_when_it_is_made_to_what_the_grid_knows(grid):
    with connected(grid, "first", renderer("4.3.2")), connected(grid, "second", renderer("5.2.2")):
        job = new_job(grid)
        # The scene was saved by 3.4: the nearest newer one with long-term support.
        assert renderer_of(grid, job) == ("5.2.2", None), grid.job(job["id"])
        other = new_job(grid, renderer={"version": "4.3"})
        assert renderer_of(grid, other) == ("4.3.2", None), grid.job(other["id"])
    for each in (job, other):
        grid.api("POST", f"/api/v1/jobs/{each['id']}/cancel")


@case
def what_the_grid_has_not_is_said_before_the_first_frame(grid):
    scene = os.path.join(scenes(), "plain.blend")
    done = grid.cli("submit", scene, "--frames", "1", "--blender", "4.4", check=1)
    assert "has no blender 4.4" in done.stderr and "4.3.2 and 5.2.2" in done.stderr, done.stderr
    done = grid.cli("check", scene, "--frames", "1", "--blender", "4.4", check=1)
    assert "has no blender 4.4" in done.stderr, done.stderr
    done = grid.cli("submit", scene, "--frames", "1", "--blender", "four", check=2)
    assert "'four' is not like 4.3" in done.stderr, done.stderr
    answer = json.loads(grid.cli("check", scene, "--frames", "1", "--json", check=0).stdout)
    assert answer["renderer"]["version"] == "5.2.2" and answer["renderer"]["saved_version"] == "3.4", answer["renderer"]
    for wrong in ({"version": "4.4"}, {"version": "4.3", "build": BUILD_A}):
        status, answer = grid.post_job(plain(), renderer=wrong)
        assert (status, answer["code"]) == (409, "no_renderer"), answer
    for wrong in ("4.3", {"version": "x"}, {"version": 4}, {"build": BUILD_A}, {"version": "4.3", "build": "abc"}):
        assert grid.post_job(plain(), renderer=wrong)[0] == 400, wrong


@case
def another_renderer_renders_all_frames_again(grid):
    job = new_job(grid, "1-2", renderer={"version": "4.3"})
    with connected(grid, "first", renderer("4.3.2")) as first, connected(grid, "second", renderer("5.2.2")) as second:
        first.deliver(first.expect_order())
        late = first.expect_order()
        nothing_for(second, 1)
        grid.cli("change", job["id"], "--blender", "5.2", check=0)
        assert renderer_of(grid, job) == ("5.2.2", None)
        assert grid.job(job["id"])["tasks"]["finished"] == 0, "a frame of the old renderer counts"
        cancel = first.expect("cancel")
        assert late["attempt"] in cancel["attempts"], cancel
        upload = first.upload(late, b"x" * 100)
        if isinstance(upload, str):
            first.result(late, b"x" * 100, upload)
            assert first.verdict().get("verdict") != "accepted"
        for _ in range(2):
            order = second.expect_order()
            assert order["renderer"]["version"] == "5.2.2", order
            second.deliver(order)
        assert grid.wait(job["id"])["state"] == "finished"
        # The same again costs nothing.
        grid.cli("change", job["id"], "--blender", "5.2.2", check=0)
        assert grid.job(job["id"])["state"] == "finished"
        done = grid.cli("change", job["id"], "--blender", "9", check=1)
        assert "has no blender 9" in done.stderr, done.stderr


@case
def a_job_goes_only_where_its_engine_works(grid):
    job = new_job(grid, "1", renderer={"version": "4.3"}, parameters={"engine": "BLENDER_EEVEE"})
    with connected(grid, "first", renderer("4.3.2", engines=["CYCLES"])) as blind:
        nothing_for(blind)
        why = grid.cli("explain", job["id"], check=0).stdout
        assert "BLENDER_EEVEE" in why, why
        assert grid.job(job["id"])["estimated_finish_at"] is None
        shown = grid.cli("slave", "show", slave(grid, "first")["id"], check=0).stdout
        wait_until("the engines are shown", lambda: "CYCLES" in grid.cli(
            "slave", "show", slave(grid, "first")["id"], check=0).stdout, 20)
        with connected(grid, "second", renderer("4.3.2", engines=["BLENDER_EEVEE"])) as able:
            able.deliver(able.expect_order())
            assert grid.wait(job["id"])["state"] == "finished"
    assert "blender 4.3.2" in shown, shown


if __name__ == "__main__":
    run(fixture, Grid.evidence)
