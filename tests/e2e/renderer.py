#!/usr/bin/env python3
"""The persistent renderer with the real Blender through the whole grid: Eevee frames in one animation, compared with
frames rendered by Blender alone."""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from programs import SOURCE, need, program, renderers  # noqa: E402
from tap import case, run, wait_until  # noqa: E402

SCENE = """
import bpy
scene = bpy.context.scene
cube = bpy.data.objects["Cube"]
for frame, x in ((1, -3.0), (30, 3.0)):
    cube.location.x = x
    cube.keyframe_insert("location", frame=frame)
cube.driver_add("rotation_euler", 2).driver.expression = "frame / 9"
scene.render.engine = "%s"
scene.eevee.taa_render_samples = 4
scene.cycles.samples = 2
scene.cycles.use_denoising = False
scene.cycles.use_adaptive_sampling = False
scene.render.resolution_x, scene.render.resolution_y = 64, 36
scene.frame_start, scene.frame_end = 3, 17
bpy.ops.wm.save_as_mainfile(filepath=%r)
"""
LIMIT = 300


def blender(*arguments):
    done = subprocess.run(["blender", "--background", "--factory-startup", *arguments], capture_output=True, timeout=LIMIT)
    assert done.returncode == 0, done.stdout[-2000:]


def made(folder, engine):
    path = os.path.join(folder, engine.lower() + ".blend")
    blender("--python-exit-code", "1", "--python-expr", SCENE % (engine, path))
    return path


def by_itself(scene, frames):
    """The frames rendered by Blender alone, one at a time: {frame: file}"""
    folder = tempfile.mkdtemp(dir=os.path.dirname(scene))
    blender(scene, "-o", folder + "/####", "-F", "PNG", "-f", ",".join(str(f) for f in frames))
    return {frame: "%s/%04d.png" % (folder, frame) for frame in frames}


def same(grid, number, alone):
    job = grid.wait(number, seconds=LIMIT)
    assert job["state"] == "finished", (job, grid.tasks(number))
    for frame, file in alone.items():
        done = subprocess.run([program("distren-image"), "compare", file, "%s/%04d.png" % (grid.output(number), frame)],
                              capture_output=True, text=True)
        assert done.returncode == 0 and '"match"' in done.stdout, (frame, done.stdout)


def starts(slave):
    with open(os.path.join(slave.folder, "log"), errors="replace") as file:
        return len(re.findall(r"started program=", file.read()))


def slave_of_blender_alone(grid):
    """Nothing else is tried beside its frames, which would end their renderer."""
    methods = os.path.join(grid.folder, "methods")
    if not os.path.isdir(methods):
        shutil.copytree(os.path.join(SOURCE, "methods", "blender"), os.path.join(methods, "blender"))
        shutil.copy(os.path.join(SOURCE, "methods", "method.xsd"), methods)
    slave = grid.add_slave(methods=methods, **{"log.level": "debug"})
    wait_until("every engine was tried", lambda: any(
        len(each["engines"]) == 3 for each in grid.api("GET", f"/api/v1/slaves/{slave.id}")[1]["renderers"]), LIMIT)
    return slave


@case
def eevee_frames_rendered_in_one_animation_match_single_renders(grid):
    scene = made(grid.folder, "BLENDER_EEVEE")
    frames = [1, 2, 3, 6, 7, 30]
    alone = by_itself(scene, frames)
    slave = slave_of_blender_alone(grid)
    before = starts(slave)
    same(grid, grid.submit(scene, "--frames", "1-3,6,7,30"), alone)
    # A gap of two frames is skipped; a gap of twenty-three is too large, and earlier frames are impossible.
    assert starts(slave) - before == 2, starts(slave) - before
    same(grid, grid.submit(scene, "--frames", "1-3"), {frame: alone[frame] for frame in (1, 2, 3)})
    slave.stop()


@case
def cycles_frames_share_one_renderer_in_any_order(grid):
    scene = made(grid.folder, "CYCLES")
    frames = [1, 5, 29]
    alone = by_itself(scene, frames)
    slave = slave_of_blender_alone(grid)
    before = starts(slave)
    same(grid, grid.submit(scene, "--frames", "1,5,29"), alone)
    assert starts(slave) - before == 1, starts(slave) - before
    slave.stop()


@case
def an_owner_reads_the_live_render_log_and_that_of_a_failure(grid):
    scene = made(grid.folder, "CYCLES")
    slave = grid.add_slave()
    number = grid.submit(scene, "--frames", "1", "--samples", "65536", "--set", "width=4096")
    task = grid.tasks(number)[0]["id"]
    path = f"/api/v1/tasks/{task}/log"
    wait_until("the frame makes progress", lambda: (grid.tasks(number)[0].get("progress") or 0) > 0)
    status, log = grid.api("GET", path)
    assert status == 200 and log["live"] and "Sample" in log["text"], (status, log)
    assert slave.folder not in log["text"], log
    assert grid.api("GET", path, token=grid.sign_up("stranger"))[0] == 404
    for renderer in renderers(slave):
        os.kill(renderer, signal.SIGSEGV)
    wait_until("the failure is kept", lambda: grid.api("GET", path)[1].get("live") is False, seconds=LIMIT)
    grid.cli("cancel", number, check=0)
    slave.stop()
    log = grid.cli("log", number, 1, check=0).stdout
    assert "Fra:1" in log, log
    assert json.loads(grid.cli("log", number, 1, "--json", check=0).stdout)["live"] is False
    assert "has no frame 7" in grid.cli("log", number, 7).stderr


@contextlib.contextmanager
def make_grid():
    need("blender")
    with Grid() as grid:
        yield grid


run(make_grid, Grid.evidence)
