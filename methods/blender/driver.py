# DistRen's driver inside Blender: renders frames of the open file, one after the other.
# Run as: blender --background --factory-startup --disable-autoexec -t N FILE --python-exit-code 97 --python driver.py
# -- FOLDER, the folder of the job's files.
# Reads one JSON object a line from stdin, {"frame": 5, "output": "/out/0005.png", "format": "PNG", ...}, and renders
# it; the end of stdin ends Blender. Replies are lines "DISTREN {json}" on stdout with an "event": loaded, warning,
# problem (this frame cannot be rendered, and why), done. A "done" lists in "outputs" every file of the frame, its own image
# first: {"name": "Depth/0005.exr", "width": 64, "height": 36, "format": "OPEN_EXR"}, named below the folder of "output";
# what is still there of them, but for the first, goes with the next order. With "next": [6, 14] only these frames can
# follow, requested in the same way (see Animation); others need a new Blender. The file is untrusted: nothing of it may
# run, or write elsewhere (distren_safety.py, distren_outputs.py), and what it requests and this Blender cannot do is
# reported, not guessed. distren_versions.py has what depends on Blender's version.

import json
import os
import shutil
import sys

import bpy

sys.dont_write_bytecode = True  # the folder may be writable, and must not change
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from distren_options import (choose_camera, choose_denoising_data, choose_engine, choose_format, choose_samples,
                             choose_scene, choose_size, choose_tile, choose_view_layer, use_devices)
from distren_outputs import Outputs, choose_views, of_view, redirect_nodes, separate_views
from distren_paths import find_files
from distren_report import Problem, report_loaded, report_missing, send, show_progress
from distren_safety import neutralise, refuse_programs
from distren_versions import report_progress, stills_have_no_number, too_old

OUTPUTS = Outputs()


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
    tiled = order.get("first-column") is not None
    choose_views(scene, tiled)
    neutralise()
    refuse_programs(scene)
    # Files of nodes need their extension; the frame's image has it, or another one by its method.
    scene.render.use_file_extension = redirect_nodes(order, tiled)
    if order.get("devices"):
        use_devices(order["devices"])
    return scene


def send_done(scene, order, **more):
    outputs = OUTPUTS.collect(scene, order)
    main = {name: outputs[0][name] for name in ("width", "height", "format")}
    send("done", frame=order["frame"], outputs=outputs, **main, **more)


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

    def __init__(self, scene, order, frames=FRAMES):
        self.scene = scene
        self.order = order
        self.first = order["frame"]
        self.last = self.first + frames - 1
        self.finished = False  # the current order
        self.skipped = []  # empty files in place of frames
        self.range = (scene.frame_start, scene.frame_end, scene.frame_step)

    @staticmethod
    def suits(scene, order):
        engine = scene.render.engine
        drawn = engine.startswith("BLENDER_EEVEE") or engine == "BLENDER_WORKBENCH"
        return drawn and not separate_views(scene) and 0 <= order["frame"] <= 1048574 - Animation.FRAMES

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
        for suffix in separate_views(self.scene) or [""]:
            os.replace(of_view(self.path(frame), suffix), of_view(self.order["output"], suffix))
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
        OUTPUTS.forget()
        redirect_nodes(order, order.get("first-column") is not None)
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
    OUTPUTS.forget()
    scene = prepare(order)
    if Animation.suits(scene, order):
        Animation(scene, order).run()
    elif scene.render.use_file_extension and stills_have_no_number() and order["frame"] >= 0:
        Animation(scene, order, frames=1).run()
    else:
        render_alone(scene, order)


def refuse(text):
    """Every order, with this reason; another machine may have what is missing."""
    order = next_order()
    while order is not None:
        Problem(text, "renderer_missing", machine=True).send()
        order = next_order()


def main():
    reason = too_old()
    if reason is not None:
        refuse(reason)
        return
    find_files(sys.argv[sys.argv.index("--") + 1] if "--" in sys.argv else os.path.dirname(bpy.data.filepath))
    neutralise()
    report_missing()
    report_loaded()
    report_progress(show_progress)
    order = next_order()
    while order is not None:
        try:
            render_frame(order)
        except Problem as problem:
            problem.send()
        order = next_order()


main()
