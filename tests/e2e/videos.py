#!/usr/bin/env python3
"""A video looks like its frames: their order, their brightness whatever their format, their rate and the shape of their
pixels."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from programs import need  # noqa: E402
from tap import case, comment, run  # noqa: E402

SCENE = """
import bpy, sys
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.render.engine = 'CYCLES'
scene.cycles.samples, scene.cycles.use_denoising = 1, False
scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 64, 36, 100
scene.render.fps, scene.render.fps_base = 30, 1.001
scene.render.pixel_aspect_x = 1.5
scene.frame_start, scene.frame_end = 1, 20000
scene.render.dither_intensity = 0
scene.view_settings.exposure = 0.5
camera = bpy.data.objects.new('Camera', bpy.data.cameras.new('Camera'))
camera.location.z = 1
scene.collection.objects.link(camera)
scene.camera = camera
scene.world = bpy.data.worlds.new('World')
scene.world.use_nodes = True
strength = scene.world.node_tree.nodes['Background'].inputs
strength['Color'].default_value = (0.9, 0.5, 0.2, 1)
for frame, value in ((9998, 0.1), (10004, 0.9)):
    strength['Strength'].default_value = value
    strength['Strength'].keyframe_insert('default_value', frame=frame)
bpy.context.preferences.filepaths.save_version = 0
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[-1])
"""


def scene_of(grid):
    path = os.path.join(grid.folder, "brighter.blend")
    if not os.path.exists(path):
        done = subprocess.run(["blender", "--background", "--factory-startup", "--python-exit-code", "9", "--python-expr",
                               SCENE, "--", path], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:]
    return path


def submitted(grid, *options):
    done = grid.cli("submit", scene_of(grid), *options, "--json", check=0)
    return json.loads(done.stdout)["jobs"]


def colours(path):
    """The mean red, green and blue of each picture, 0 to 255."""
    data = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
                          capture_output=True, check=True).stdout
    size = 64 * 36 * 3
    return [tuple(sum(data[at + i:at + size:3]) / (size // 3) for i in range(3)) for at in range(0, len(data), size)]


def facts(path):
    words = "stream=r_frame_rate,sample_aspect_ratio,color_space,width,height"
    done = subprocess.run(["ffprobe", "-v", "error", "-show_entries", words, "-of", "json", path], capture_output=True, text=True)
    return json.loads(done.stdout)["streams"][0]


def video_of(grid, jobs):
    job = grid.wait(jobs[-1]["id"])
    assert job["state"] == "finished", (job, grid.tasks(jobs[-1]["id"]))
    folder = grid.output(jobs[-1]["id"])
    return os.path.join(folder, os.listdir(folder)[0])


def close(seen, wanted, what):
    difference = max(abs(a - b) for one, other in zip(seen, wanted) for a, b in zip(one, other))
    comment(f"{what}: largest difference {difference:.1f} of 255")
    assert len(seen) == len(wanted) and difference < 6, (what, seen, wanted)


@case
def frames_are_in_numerical_order_at_the_rate_and_shape_of_their_scene(grid):
    jobs = submitted(grid, "--frames", "9998-10004x2", "--video", "mp4")
    assert [(job["method"], job["is_final_output"]) for job in jobs] == [("blender", True), ("ffmpeg", True)], jobs
    video = video_of(grid, jobs)
    seen = colours(video)
    frames = [colours(os.path.join(grid.output(jobs[0]["id"]), name))[0]
              for name in ("9998.png", "10000.png", "10002.png", "10004.png")]
    assert [each[0] for each in frames] == sorted(each[0] for each in frames), frames
    close(seen, frames, "PNG")
    shape = facts(video)
    assert shape["r_frame_rate"] == "30000/1001" and shape["sample_aspect_ratio"] == "3:2", shape
    assert shape["color_space"] == "bt709", shape


@case
def linear_frames_look_like_those_of_their_scene(grid):
    made = submitted(grid, "--frames", "9998,10002")[0]["id"]
    assert grid.wait(made)["state"] == "finished", grid.tasks(made)
    plain = [colours(os.path.join(grid.output(made), name))[0] for name in ("9998.png", "10002.png")]
    for frame_format in ("EXR", "HDR"):
        jobs = submitted(grid, "--frames", "9998,10002", "--format", frame_format, "--video", "mp4")
        assert [(job["method"], job["is_final_output"]) for job in jobs] == [
            ("blender", True), ("view", False), ("ffmpeg", True)], jobs
        close(colours(video_of(grid, jobs)), plain, frame_format)


@case
def a_rate_of_ones_own_may_be_a_fraction_and_a_wrong_one_is_rejected(grid):
    jobs = submitted(grid, "--frames", "9998-9999", "--video", "webm", "--fps", "24000/1001")
    assert facts(video_of(grid, jobs))["r_frame_rate"] == "24000/1001"
    for rate in ("0", "241", "24/0", "1/2", "x", "24/", "30000/1001/1"):
        grid.cli("submit", scene_of(grid), "--video", "mp4", "--fps", rate, check=2)


def make():
    for name in ("blender", "ffmpeg", "ffprobe"):
        need(name)
    return Prepared()


class Prepared(Grid):
    def __enter__(self):
        super().__enter__()
        self.add_slave("attic")
        return self


run(make, lambda grid: grid.evidence())
