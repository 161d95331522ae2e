# Reports to the slave: lines "DISTREN {json}" on stdout with an "event". loaded describes the file, warning goes to the
# owner of the job once, problem ends a frame. Imported by driver.py, beside which it is installed.

import json
import os
import sys
import time

import bpy

WARNED = set()
PROGRESS_SECONDS = 0.2  # between two lines


def send(event, **values):
    values["event"] = event
    # On a separate line, whatever Blender has printed before.
    sys.stdout.write("\nDISTREN " + json.dumps(values) + "\n")
    sys.stdout.flush()


def warn(text):
    if text not in WARNED:
        WARNED.add(text)
        send("warning", text=text)


class Shown:
    until = 0.0


def show_progress(text):
    """A line as Blender prints it where it prints some; the slave reads them by the patterns of method.xml."""
    now = time.monotonic()
    if now >= Shown.until:
        Shown.until = now + PROGRESS_SECONDS
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


class Problem(Exception):
    """This frame cannot be rendered; the text is for the owner of the job. code: as a result says whose fault it is.
    machine: it is returned, because another slave may be able to render it."""

    def __init__(self, text, code="scene_error", machine=False):
        super().__init__(text)
        self.code = code
        self.machine = machine

    def send(self):
        send("problem", text=str(self), code=self.code, machine=self.machine)


def names(things):
    listed = ['"%s"' % name for name in sorted(things)]
    if not listed:
        return "it has none"
    if len(listed) > 12:
        listed = listed[:12] + ["and %d more" % (len(listed) - 12)]
    return "it has " + ", ".join(listed)


def scene_cameras(scene):
    return [o for o in scene.objects if o.type == "CAMERA"]


def file_of(data):
    return bpy.path.abspath(data.filepath, library=data.library)


def shown(data):
    path = data.filepath
    return path if path.startswith("//") else path + " (an absolute path of another machine; make it relative)"


def report_missing():
    for library in bpy.data.libraries:
        path = bpy.path.abspath(library.filepath, library=library.parent)
        if not library.packed_file and not os.path.exists(path):
            warn("the linked library %s is missing" % shown(library))
    for image in bpy.data.images:
        if image.source not in ("FILE", "SEQUENCE", "MOVIE", "TILED") or image.packed_file or not image.filepath:
            continue
        if getattr(image, "packed_files", None) or image.users == 0:
            continue
        path = file_of(image)
        if image.source == "TILED":
            path = path.replace("<UDIM>", "1001")
        if not os.path.exists(path):
            warn("the texture %s is missing" % shown(image))


def report_loaded():
    send(
        "loaded",
        blender=bpy.app.version_string,
        scenes=[
            {
                "name": scene.name,
                "cameras": sorted(o.name for o in scene_cameras(scene)),
                "camera": scene.camera.name if scene.camera else None,
                "engine": scene.render.engine,
                "start": scene.frame_start,
                "end": scene.frame_end,
                "width": scene.render.resolution_x,
                "height": scene.render.resolution_y,
                "percentage": scene.render.resolution_percentage,
            }
            for scene in bpy.data.scenes[:64]
        ],
    )
