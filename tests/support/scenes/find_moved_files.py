# Opens scenes of make_named_files.py, gives their data paths of another machine, saves, opens, and has the driver's
# distren_paths.py find the files again:
#   blender --background --factory-startup --python find_moved_files.py -- FOLDER METHOD
# Prints "MOVED {json}": by kind, how many paths were changed, what of them was there before, what is lost, all objects.
import json
import os
import sys

import bpy

FOLDER, METHOD = sys.argv[sys.argv.index("--") + 1:][:2]
sys.dont_write_bytecode = True
sys.path.insert(0, METHOD)

import distren_paths  # noqa: E402


def named():
    """Each struct that names a file, with the property, as the scenes have them."""
    for library in bpy.data.libraries:
        if not library.parent:
            yield library, "filepath"
    for datas in (bpy.data.images, bpy.data.fonts, bpy.data.sounds, bpy.data.movieclips, bpy.data.volumes,
                  bpy.data.cache_files):
        for data in datas:
            if data.filepath and data.filepath != "<builtin>" and not data.library and not getattr(data, "packed_file", 0):
                yield data, "filepath"
    for node, _ in distren_paths.nodes():
        if getattr(node, "filepath", ""):
            yield node, "filepath"
    for thing in bpy.data.objects:
        for modifier in thing.modifiers:
            for data, name in distren_paths.modifier_paths(modifier):
                if getattr(data, "use_external", True) and getattr(data, name):
                    yield data, name
    for scene in bpy.data.scenes:
        for strip in distren_paths.strips(scene):
            if strip.type == "IMAGE":
                yield strip, "directory"


def foreign(path, at):
    """As the scene's author had it on a PC, and in other upper and lower case: still the last parts are its place."""
    place = os.path.relpath(os.path.normpath(bpy.path.abspath(path.replace("\\", "/"))), at)
    return "F:\\Films\\Rain\\" + (place if "<" in place else place.upper()).replace("/", "\\")


def there(data, name):
    path = bpy.path.abspath(getattr(data, name), library=getattr(data, "library", None))
    return os.path.exists(path.replace("<UDIM>", "1001"))


def moved(at):
    scene = os.path.join(at, "scene.blend")
    bpy.ops.wm.open_mainfile(filepath=scene)
    changed = 0
    for data, name in list(named()):
        setattr(data, name, foreign(getattr(data, name), at))
        changed += 1
    bpy.ops.wm.save_as_mainfile(filepath=scene, relative_remap=False)
    bpy.ops.wm.open_mainfile(filepath=scene)
    before = ["%s" % data for data, name in named() if there(data, name)]
    distren_paths.find_files(at)
    lost = ["%s %s" % (data, getattr(data, name)) for data, name in named() if not there(data, name)]
    lost += ["%s is empty" % each.name for each in bpy.data.objects if each.library and each.type == "EMPTY"]
    return {"changed": changed, "found before": before, "lost": lost, "objects": bpy.data.objects.keys()}


kinds = [kind for kind in sorted(os.listdir(FOLDER)) if os.path.exists(os.path.join(FOLDER, kind, "scene.blend"))]
print("MOVED " + json.dumps({kind: moved(os.path.join(FOLDER, kind)) for kind in kinds}))
