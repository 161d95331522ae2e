#!/usr/bin/env python3
"""A whole grid against the Blender of this machine: every kind of scene that the matrix makes, and frames in tiles, each with
the largest difference of a pixel in steps of 8 bits. Nothing differs but by the noise that hides bands of 8 bits, whose
pattern begins anew in each tile."""
import contextlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from blenders import find, largest_difference  # noqa: E402
from grid import Grid  # noqa: E402
from programs import SOURCE, compare_images, need, sandbox_works  # noqa: E402
from tap import Skip, case, comment, run  # noqa: E402

SCRIPT = os.path.join(SOURCE, "tests", "support", "scenes", "make_matrix.py")
FRAME = 3
PATIENCE = 900
WHOLE = ("cycles", "eevee", "workbench", "compositing", "sequencer", "pencil", "freestyle")
TILED = {  # scene, format: most that a pixel may differ
    ("plain", "PNG"): 0, ("cycles", "OPEN_EXR"): 0, ("cycles", "PNG"): 2}


def scene_of(grid, name):
    return os.path.join(grid.scenes, name + ".blend")


def alone(grid, name, file_format):
    """The frame as Blender renders it without a grid."""
    folder = os.path.join(grid.folder, "alone", name + file_format)
    if not os.path.isdir(folder):
        os.makedirs(folder)
        lines = f"scene.render.image_settings.file_format = '{file_format}'"
        grid.blender.alone([(scene_of(grid, name), folder, [FRAME], lines)], grid.folder)
    return os.path.join(folder, os.listdir(folder)[0])


def compared(grid, kind, number, own, most):
    job = grid.wait(number, seconds=PATIENCE)
    assert job["state"] == "finished", (job, grid.tasks(number))
    mine = os.path.join(grid.output(number), f"{FRAME:04}{os.path.splitext(own)[1]}")
    assert compare_images(mine, own).get("verdict") == "match", kind
    difference = largest_difference(mine, own)
    comment(f"{kind:40} {grid.blender.version:>8} {difference}")
    assert difference is not None and difference <= most, f"{kind}: a pixel differs by {difference} of 255"


def whole(name):
    def check(grid):
        number = grid.submit(scene_of(grid, name), "--frames", FRAME, "--format", "PNG")
        compared(grid, name, number, alone(grid, name, "PNG"), 0)
    check.__name__ = f"{name}_through_the_grid_is_the_same_image"
    case(check)


def tiled(name, file_format, most):
    def check(grid):
        done = grid.submit(scene_of(grid, name), "--frames", FRAME, "--format", file_format, "--tiles", "2x2")
        numbers = [job["id"] for job in grid.api("GET", "/api/v1/jobs")[1]["items"]]
        stitched = max(numbers)  # made of the tiles' output, and submitted with them
        grid.wait(done, seconds=PATIENCE)
        compared(grid, f"{name}, {file_format}, in tiles", stitched, alone(grid, name, file_format), most)
    how = "is_the_same_image_up_to_noise" if most else "is_the_same_image"
    check.__name__ = f"{name}_in_tiles_of_{file_format.lower()}_{how}"
    case(check)


for each in WHOLE:
    whole(each)
for (each, each_format), allowed in TILED.items():
    tiled(each, each_format, allowed)


@contextlib.contextmanager
def make_grid():
    need("compare")
    if not sandbox_works():
        raise Skip("there is no sandbox here")
    with Grid({"times.frame_limit_seconds": 1200}) as grid:
        grid.blender = find("here", os.path.join(grid.folder, "home"))
        grid.scenes = os.path.join(grid.folder, "scenes")
        os.makedirs(grid.scenes)
        grid.blender.script(SCRIPT, grid.scenes, grid.scenes)
        comment(f"{'largest difference of a pixel, of 255':40} {'version':>8}")
        grid.add_slave("attic")
        yield grid


run(make_grid, Grid.evidence)
