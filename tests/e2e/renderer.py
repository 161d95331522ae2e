#!/usr/bin/env python3
"""The warm renderer with the real Blender through the whole grid: Eevee frame after frame in one go, compared with frames
that Blender rendered by itself."""
import contextlib
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from programs import need, program  # noqa: E402
from tap import case, run  # noqa: E402

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
    """The frames as Blender renders them one at a time: {frame: file}"""
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


@case
def frames_of_eevee_follow_each_other_in_one_animation_and_are_what_blender_renders_alone(grid):
    scene = made(grid.folder, "BLENDER_EEVEE")
    frames = [1, 2, 3, 6, 7, 30]
    alone = by_itself(scene, frames)
    slave = grid.add_slave(log_level="debug")
    before = starts(slave)
    same(grid, grid.submit(scene, "--frames", "1-3,6,7,30"), alone)
    # A gap of two frames is passed over; thirty is too far, and going back is not possible at all.
    assert starts(slave) - before == 2, starts(slave) - before
    same(grid, grid.submit(scene, "--frames", "1-3"), {frame: alone[frame] for frame in (1, 2, 3)})
    slave.stop()


@case
def frames_of_cycles_share_one_program_whatever_their_order(grid):
    scene = made(grid.folder, "CYCLES")
    frames = [1, 5, 29]
    alone = by_itself(scene, frames)
    slave = grid.add_slave(log_level="debug")
    before = starts(slave)
    same(grid, grid.submit(scene, "--frames", "1,5,29"), alone)
    assert starts(slave) - before == 1, starts(slave) - before
    slave.stop()


@contextlib.contextmanager
def make_grid():
    need("blender")
    with Grid() as grid:
        yield grid


run(make_grid, Grid.evidence)
