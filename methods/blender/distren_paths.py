# Finds files of the job that the scene names in a way of another machine: by an absolute path (F:\film\tex\wood.png), or
# in other upper and lower case. The same rules as scene/blend/file_series.h, by which they were sent: the last parts of
# an absolute path, the longest first, below the job's folder or the scene's; a relative path as it is, ignoring case.
# Nothing outside of the job's folder is ever chosen. Imported by driver.py, beside which it is installed.

import os
import posixpath
import re

import bpy

MAX_ROUNDS = 16  # a library that is found may name others


def parts_below(path):
    """As paths_below() in scene/blend/file_series.cpp."""
    path = path.replace("\\", "/")
    if path[1:2] == ":":
        path = path[2:]
    parts = [part for part in posixpath.normpath("/" + path).split("/") if part]
    return ["/".join(parts[first:]) for first in range(len(parts))]


def is_absolute(path):
    return path.startswith("\\\\") or path[1:2] == ":" or (path.startswith("/") and not path.startswith("//"))


def find_name(folder, name):
    """The file or folder of this name, else the only one in other case; a name with <UDIM> stands for its tiles."""
    if os.path.lexists(os.path.join(folder, name)):
        return name
    try:
        entries = os.listdir(folder)
    except OSError:
        return None
    before, token, after = re.match("(.*?)(<UDIM>|<UVTILE>|$)(.*)", name).groups()
    if token:
        for tile in entries:
            if tile.lower().startswith(before.lower()) and tile.lower().endswith(after.lower()):
                return tile[:len(before)] + token + tile[len(tile) - len(after):]
        return None
    alike = [each for each in entries if each.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else None


def find_below(folder, relative):
    for part in relative.split("/"):
        name = find_name(folder, part)
        if name is None:
            return None
        folder = os.path.join(folder, name)
    return folder


def found(job, path, library):
    """Where the file is instead of where the scene says; None: it is there, or nowhere."""
    if not path or path == "<builtin>":
        return None
    if is_absolute(path):
        for folder in (job, os.path.dirname(bpy.data.filepath)):
            for relative in parts_below(path):
                place = find_below(folder, relative)
                if place is not None:
                    return place if place != path else None
        return None
    full = os.path.normpath(bpy.path.abspath(path.replace("\\", "/"), library=library))
    if os.path.lexists(full):
        return None
    relative = os.path.relpath(full, job)
    return None if relative.startswith("..") else find_below(job, relative)


def move(job, data, name, library):
    place = found(job, getattr(data, name, ""), library)
    if place is None:
        return False
    # A folder keeps its slash: some of Blender's caches put names right behind it.
    setattr(data, name, place + (os.sep if os.path.isdir(place) else ""))
    return True


def move_libraries(job):
    for _ in range(MAX_ROUNDS):
        moved = False
        for library in list(bpy.data.libraries):
            if not library.packed_file and move(job, library, "filepath", library.parent):
                library.reload()
                moved = True
        if not moved:
            return


def nodes():
    trees = list(bpy.data.node_groups)
    for owners in (bpy.data.materials, bpy.data.worlds, bpy.data.lights):
        trees += [owner.node_tree for owner in owners if owner.node_tree]
    return ((node, tree) for tree in trees for node in tree.nodes)


def modifier_paths(modifier):
    """The structs of a modifier that name a file or folder, with the property."""
    if modifier.type in ("MESH_CACHE", "OCEAN"):
        yield modifier, "filepath"
    elif modifier.type == "FLUID" and modifier.fluid_type == "DOMAIN":
        yield modifier.domain_settings, "cache_directory"
    elif modifier.type == "NODES":
        for name in ("bake_directory", "simulation_bake_directory"):
            if hasattr(modifier, name):
                yield modifier, name
        for bake in getattr(modifier, "bakes", ()):
            if bake.use_custom_path:
                yield bake, "directory"
    elif modifier.type in ("CLOTH", "SOFT_BODY"):
        yield modifier.point_cache, "filepath"
    elif modifier.type == "PARTICLE_SYSTEM":
        yield modifier.particle_system.point_cache, "filepath"


def strips(scene):
    editor = scene.sequence_editor
    if editor is None:
        return ()
    return editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all


def find_files(job):
    """Once, when the scene is open: job is the folder of its files."""
    job = os.path.abspath(job)
    move_libraries(job)
    for image in bpy.data.images:
        if image.source in ("FILE", "SEQUENCE", "MOVIE", "TILED") and not image.packed_file:
            move(job, image, "filepath", image.library)
    for datas in (bpy.data.movieclips, bpy.data.sounds, bpy.data.fonts, bpy.data.cache_files,
                  getattr(bpy.data, "volumes", ())):
        for data in datas:
            if not getattr(data, "packed_file", None):
                move(job, data, "filepath", data.library)
    for node, tree in nodes():
        if node.bl_idname in ("ShaderNodeTexIES", "ShaderNodeScript") and node.mode == "EXTERNAL":
            move(job, node, "filepath", tree.library)
    for thing in bpy.data.objects:
        for modifier in thing.modifiers:
            for data, name in modifier_paths(modifier):
                if getattr(data, "use_external", True):
                    move(job, data, name, thing.library)
    for scene in bpy.data.scenes:
        for strip in strips(scene):
            move(job, strip, "directory" if strip.type == "IMAGE" else "filepath", scene.library)
