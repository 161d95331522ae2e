# DistRen's driver inside Blender: renders frames of the open file, one after the other.
# Run as: blender --background --factory-startup --disable-autoexec -t N FILE --python-exit-code 97 --python driver.py
# -- FOLDER, the folder of the job's files.
# Reads one JSON object a line from stdin, {"frame": 5, "output": "/out/0005.png", "format": "PNG", ...}, and renders
# it; the end of stdin ends Blender. Replies are lines "DISTREN {json}" on stdout with an "event": loaded, warning,
# problem (this frame cannot be rendered, and why), done. A "done" with "next": [6, 14] means that only these frames can
# follow, requested in the same way (see Animation); others need a new Blender. The file is untrusted: nothing of it may
# run or write (distren_safety.py), and what it requests and this Blender cannot do is reported, not guessed.

import json
import os
import shutil
import sys

import bpy

sys.dont_write_bytecode = True  # the folder may be writable, and must not change
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from distren_options import (choose_camera, choose_denoising_data, choose_engine, choose_format, choose_samples,
                             choose_scene, choose_size, choose_tile, choose_view_layer, use_devices)
from distren_paths import find_files
from distren_report import Problem, report_loaded, report_missing, send
from distren_safety import neutralise


def size_of(scene):
    """Size in pixels as Blender computes it: border and crop apply to the scaled size."""
    render = scene.render
    width = render.resolution_x * render.resolution_percentage // 100
    height = render.resolution_y * render.resolution_percentage // 100
    if render.use_border and render.use_crop_to_border:
        left, right = int(render.border_min_x * width), int(render.border_max_x * width)
        bottom, top = int(render.border_min_y * height), int(render.border_max_y * height)
        width, height = right - left, top - bottom
    return max(width, 1), max(height, 1)


def prepare(order):
    scene = choose_scene(order.get("scene"))
    choose_camera(scene, order.get("camera"))
    choose_engine(scene, order.get("engine"))
    choose_samples(scene, order.get("samples"))
    choose_format(scene, order.get("format"))
    choose_view_layer(scene, order.get("view-layer"))
    choose_size(scene, order)
    choose_denoising_data(scene, order.get("denoising-data"))
    choose_tile(scene, order)
    neutralise()
    if order.get("devices"):
        use_devices(order["devices"])
    scene.render.use_file_extension = False
    return scene


def send_done(scene, order, **more):
    output = order["output"]
    if not os.path.isfile(output) or os.path.getsize(output) == 0:
        raise Problem("Blender rendered frame %d but saved no image" % order["frame"], "output_missing")
    width, height = size_of(scene)
    file_format = scene.render.image_settings.file_format
    send("done", frame=order["frame"], width=width, height=height, format=file_format, **more)


def remove(path):
    if os.path.exists(path):
        os.remove(path)


def render(scene, **how):
    try:
        bpy.ops.render.render(scene=scene.name, **how)
    except RuntimeError as error:
        raise Problem("Blender says: " + " ".join(str(error).split()))


def render_alone(scene, order):
    scene.render.filepath = order["output"]
    scene.render.use_overwrite = True
    remove(order["output"])
    scene.frame_set(order["frame"])
    render(scene, write_still=True)
    send_done(scene, order)


class Animation:
    """Many frames in one render(): an engine that draws on the GPU needs seconds to set up for each render(), and a
    fraction of that for a frame. Blender iterates over the frames; after each one the handler waits for the next order
    and skips frames that were not ordered: Blender omits those whose file already exists."""

    FRAMES = 100  # of one render(); the next one sets up again
    AHEAD = 8  # most frames to skip: each costs as much as moving the scene to it

    def __init__(self, scene, order):
        self.scene = scene
        self.order = order
        self.first = order["frame"]
        self.last = self.first + self.FRAMES - 1
        self.finished = False  # the current order
        self.skipped = []  # empty files in place of frames
        self.range = (scene.frame_start, scene.frame_end, scene.frame_step)

    @staticmethod
    def suits(scene, order):
        engine = scene.render.engine
        drawn = engine.startswith("BLENDER_EEVEE") or engine == "BLENDER_WORKBENCH"
        return drawn and 0 <= order["frame"] <= 1048574 - Animation.FRAMES

    def path(self, frame):
        return self.scene.render.frame_path(frame=frame)

    def run(self):
        scene = self.scene
        folder = os.path.dirname(self.order["output"])
        scene.render.filepath = os.path.join(folder, "animation-########")
        scene.render.use_overwrite = False
        for frame in range(self.first, self.last + 1):
            remove(self.path(frame))
        scene.frame_start, scene.frame_end, scene.frame_step = self.first, self.last, 1
        handlers = bpy.app.handlers
        handlers.render_init.append(self.started)
        handlers.render_write.append(self.written)
        try:
            render(scene, animation=True)
        finally:
            handlers.render_init.remove(self.started)
            handlers.render_write.remove(self.written)
            self.started()
        if not self.finished:
            raise Problem("Blender rendered frame %d but saved no image" % self.order["frame"], "output_missing")

    def started(self, *_):
        """Restores the scene's own range, on which its contents may depend, once Blender has read it."""
        self.scene.frame_start, self.scene.frame_end, self.scene.frame_step = self.range

    def written(self, *_):
        # Blender prints an exception of a handler and continues.
        try:
            self.finish_frame()
        except Problem as problem:
            problem.send()
            leave()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            leave(97)

    def finish_frame(self):
        frame = self.order["frame"]
        if self.scene.frame_current != frame:
            raise Problem("Blender rendered frame %d in place of %d" % (self.scene.frame_current, frame))
        os.replace(self.path(frame), self.order["output"])
        while self.skipped:
            os.remove(self.skipped.pop())
        self.finished = True
        if frame == self.last:
            send_done(self.scene, self.order)
            return  # main() reads the next order
        until = min(frame + self.AHEAD, self.last)
        send_done(self.scene, self.order, next=[frame + 1, until])
        order = next_order()
        if order is None:
            leave()
        same = {**self.order, "frame": 0, "output": ""} == {**order, "frame": 0, "output": ""}
        if not same or not frame < order["frame"] <= until:
            leave()
        self.skipped = [self.path(each) for each in range(frame + 1, order["frame"])]
        for path in self.skipped:
            open(path, "x").close()
        self.order = order
        self.finished = False


def next_order():
    for line in sys.stdin:
        if line.strip():
            return json.loads(line)
    return None


def leave(code=0):
    """Ends Blender from within a handler, where an exception would not."""
    shutil.rmtree(bpy.app.tempdir, ignore_errors=True)
    sys.stdout.flush()
    os._exit(code)


def render_frame(order):
    scene = prepare(order)
    if Animation.suits(scene, order):
        Animation(scene, order).run()
    else:
        render_alone(scene, order)


def main():
    find_files(sys.argv[sys.argv.index("--") + 1] if "--" in sys.argv else os.path.dirname(bpy.data.filepath))
    neutralise()
    report_missing()
    report_loaded()
    while (order := next_order()) is not None:
        try:
            render_frame(order)
        except Problem as problem:
            problem.send()


main()
