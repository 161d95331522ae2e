# The files that a frame makes: its own image, the views of stereo, what File Output nodes write. These are led into a folder
# beside the image, and get their names below it, as Blender names them, when the frame is done. Imported by driver.py,
# beside which it is installed.

import os
import re
import shutil
import struct

import bpy

from distren_report import Problem, warn
from distren_versions import compositor_trees, output_paths, set_output_paths

LIMIT = 64  # files of a frame
PART_BYTES = 100  # of a folder or name that the file chose
FULL_BYTES = 200  # with number and extension
STAGED = ".file-output"  # the folder of what nodes write
MUTED = set()  # nodes of tiles
PATHS = {}  # a node: where it writes below the staging folder


def single(number):
    """As Blender's own arithmetic rounds it."""
    return struct.unpack("f", struct.pack("f", number))[0]


def cropped_size(render):
    """Size in pixels of what is rendered: border and crop apply to the scaled size."""
    width = render.resolution_x * render.resolution_percentage // 100
    height = render.resolution_y * render.resolution_percentage // 100
    if render.use_border and render.use_crop_to_border:
        left, right = int(single(render.border_min_x * width)), int(single(render.border_max_x * width))
        bottom, top = int(single(render.border_min_y * height)), int(single(render.border_max_y * height))
        width, height = right - left, top - bottom
    return max(width, 1), max(height, 1)


def views(scene):
    """Suffixes of the views that are rendered; one or none: it is no stereo."""
    render = scene.render
    if not render.use_multiview:
        return []
    chosen = render.stereo_views if render.views_format == "STEREO_3D" else render.views
    return [view.file_suffix for view in chosen if view.use]


def separate_views(scene):
    """Suffixes of views of which each has a file of its own."""
    suffixes = views(scene)
    if len(suffixes) < 2 or scene.render.image_settings.views_format != "INDIVIDUAL":
        return []
    return suffixes


def size_of(scene):
    """Size in pixels of the frame's image as Blender saves it."""
    width, height = cropped_size(scene.render)
    settings = scene.render.image_settings
    if len(views(scene)) < 2 or settings.views_format != "STEREO_3D" or settings.file_format.startswith("OPEN_EXR"):
        return width, height
    stereo = settings.stereo_3d_format
    if stereo.display_mode == "SIDEBYSIDE" and not stereo.use_squeezed_frame:
        width *= 2
    if stereo.display_mode == "TOPBOTTOM" and not stereo.use_squeezed_frame:
        height *= 2
    return width, height


def choose_views(scene, tiled):
    if len(views(scene)) < 2:
        return
    if tiled:
        raise Problem('the scene "%s" renders in stereo; switch that off to render in tiles' % scene.name)
    settings = scene.render.image_settings
    if settings.views_format == "MULTIVIEW" and not settings.file_format.startswith("OPEN_EXR"):
        settings.views_format = "INDIVIDUAL"  # only OpenEXR has views in one file


def of_view(path, suffix):
    stem, extension = os.path.splitext(path)
    return stem + suffix + extension


# --- File Output nodes --------------------------------------------------------------------------------------------------
def parts_of(path, most=PART_BYTES):
    parts = path.replace("\\", "/").split("/")
    parts = [shortened(part, most) for part in parts if part not in ("", ".", "..") and not re.match("[A-Za-z]:", part)]
    return [part for part in parts if part][-8:]


def tame_folder(path):
    """Below another folder: "//../renders/depth" is "renders/depth"; of an absolute path the last name is kept, and nothing
    of /tmp, where Blender's own default leads."""
    parts = parts_of(path)
    if path.startswith("//") or not re.match("[/\\\\]|[A-Za-z]:", path):
        return parts
    return [] if parts == ["tmp"] else parts[-1:]


def tame_name(path):
    """A file's name, perhaps in folders; Blender adds the number of the frame. What ends in / has no name of its own."""
    return "/".join(parts_of(path) + ([""] if path.endswith("/") else []))


def shortened(part, most):
    part = "".join("_" if ord(sign) < 32 or sign in '<>:"|?*' else sign for sign in part).lstrip(".")
    return part.encode("utf-8", "replace")[:most].decode("utf-8", "ignore")


def staging(output):
    return os.path.join(os.path.dirname(output), STAGED)


def output_nodes():
    for tree in compositor_trees():
        for node in tree.nodes:
            if node.type == "OUTPUT_FILE":
                yield node


def redirect_nodes(order, tiled):
    """Each writes below the staging folder; in a tile none does, for nothing puts the pieces together. True: one writes."""
    folder = staging(order["output"])
    shutil.rmtree(folder, ignore_errors=True)
    writes = False
    for node in output_nodes():
        key = node.as_pointer()
        if key in MUTED and not tiled:
            node.mute = False
            MUTED.discard(key)
        if node.mute:
            continue
        if not tiled and redirected(key, node, folder):
            writes = True
            continue
        node.mute = True
        if tiled:
            MUTED.add(key)
        warn('the File Output node "%s" is muted: %s' %
             (node.name, "a tile is one image" if tiled else "its folder cannot be changed"))
    return writes


def redirected(key, node, folder):
    try:
        if key not in PATHS:
            below, names = output_paths(node)
            PATHS[key] = tame_folder(below), [tame_name(name) for name in names]
        below, names = PATHS[key]
        set_output_paths(node, "/".join([folder] + below + [""]), names)
    except (AttributeError, TypeError, RuntimeError):
        return False
    return True


# --- what is there afterwards ---------------------------------------------------------------------------------------------
MAGIC = ((b"\x89PNG", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"\x76\x2f\x31\x01", "OPEN_EXR"), (b"II*\0", "TIFF"),
         (b"MM\0*", "TIFF"), (b"BM", "BMP"), (b"#?R", "HDR"), (b"RIFF", "WEBP"), (b"SDPX", "DPX"), (b"XPDS", "DPX"),
         (b"\x80\x2a\x5f\xd7", "CINEON"), (b"\xd7\x5f\x2a\x80", "CINEON"), (b"\x01\xda", "IRIS"),
         (b"\0\0\0\x0cjP", "JPEG2000"), (b"\xff\x4f\xff\x51", "JPEG2000"))


def format_of(path):
    with open(path, "rb") as file:
        head = file.read(32)
    if head[4:12] == b"ftypavif":
        return "AVIF"
    for magic, name in MAGIC:
        if head.startswith(magic):
            return name
    return "TARGA"


def size_in(path, file_format):
    """(width, height) of an image; (0, 0): not known."""
    if file_format == "OPEN_EXR":  # a file of layers tells Blender no size
        with open(path, "rb") as file:
            head = file.read(1 << 20)
        found = re.search(b"dataWindow\0box2i\0....(.{16})", head, re.DOTALL)
        if found:
            left, bottom, right, top = struct.unpack("<4i", found.group(1))
            return right - left + 1, top - bottom + 1
        return 0, 0
    try:
        import imbuf
        return tuple(imbuf.load(path).size)
    except (ImportError, OSError, ValueError):
        return 0, 0


def numbered(frame):
    return "%s%04d" % ("-" if frame < 0 else "", abs(frame))


class Outputs:
    """Of one order after the other: collect() puts in place what a frame made and lists it, its own image first; forget()
    removes what the slave did not take."""

    def __init__(self):
        self.left = []

    def forget(self):
        while self.left:
            path = self.left.pop()
            if os.path.isfile(path):
                os.remove(path)

    def collect(self, scene, order):
        output = order["output"]
        extended = os.path.splitext(output)[0] + scene.render.file_extension
        for path in (extended, output + scene.render.file_extension):
            if not os.path.exists(output) and os.path.isfile(path):
                os.replace(path, output)
        folder = os.path.dirname(output)
        main, extension = os.path.basename(output), os.path.splitext(output)[1]
        suffixes = separate_views(scene)
        made = {}  # a name: where it is
        for suffix in suffixes:
            path = of_view(output, suffix)
            if os.path.isfile(path) and suffix:
                made[of_view(numbered(order["frame"]) + extension, suffix)] = path
        if suffixes and not os.path.isfile(output) and made:
            shutil.copyfile(next(iter(made.values())), output)  # what shows one image of the frame shows the first eye
        if not os.path.isfile(output) or os.path.getsize(output) == 0:
            raise Problem("Blender rendered frame %d but saved no image" % order["frame"], "output_missing")
        width, height = size_of(scene)
        listed = [{"name": main, "width": width, "height": height, "format": scene.render.image_settings.file_format}]
        self.add_staged(order, extension, made)
        for name in sorted(made)[: LIMIT - 1]:
            path = os.path.join(folder, *name.split("/"))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.replace(made[name], path)
            self.left.append(path)
            file_format = format_of(path)
            width, height = size_in(path, file_format)
            listed.append({"name": name, "width": width, "height": height, "format": file_format})
        shutil.rmtree(staging(output), ignore_errors=True)
        return listed

    def add_staged(self, order, extension, made):
        top = staging(order["output"])
        own = (numbered(order["frame"]) + extension, os.path.basename(order["output"]))
        for place, _, files in os.walk(top):
            for file in files:
                path = os.path.join(place, file)
                name = "/".join(parts_of(os.path.relpath(path, top), FULL_BYTES))  # Blender has put in values of the file
                if os.path.islink(path) or os.path.getsize(path) == 0:
                    continue
                made["File Output/" + name if name in own or name in made else name] = path
        if len(made) >= LIMIT:
            warn("a frame has at most %d files; this one made %d, and the last of them are left out" %
                 (LIMIT, len(made) + 1))

