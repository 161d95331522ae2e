# Removes from an untrusted file what could run code or write files, and what this Blender cannot do. Called after
# loading and before each frame; each change is a warning. Imported by driver.py, beside which it is installed.

import sys

import bpy

from distren_report import warn

TRUSTED = "--enable-autoexec" in sys.argv  # the volunteer allows scripts in scenes of this owner


def can_denoise():
    try:
        import _cycles
    except ImportError:
        return False
    return bool(getattr(_cycles, "with_openimagedenoise", False))


def node_trees():
    trees = list(bpy.data.node_groups)
    for scene in bpy.data.scenes:
        tree = getattr(scene, "compositing_node_group", None) or getattr(scene, "node_tree", None)
        if tree is not None and tree not in trees:
            trees.append(tree)
    return trees


def neutralise_nodes(denoise):
    for tree in node_trees():
        for node in tree.nodes:
            if node.type == "OUTPUT_FILE" and not node.mute:
                node.mute = True
                warn("the File Output node \"%s\" is muted: a frame is one image here" % node.name)
            if node.type == "DENOISE" and not denoise and not node.mute:
                node.mute = True
                warn("the compositor's Denoise node is muted: this Blender was built without OpenImageDenoise")


def remove_freestyle(scene):
    scene.render.use_freestyle = False
    for layer in scene.view_layers:
        layer.use_freestyle = False
        modules = layer.freestyle_settings.modules if hasattr(layer, "freestyle_settings") else ()
        for module in list(modules):
            modules.remove(module)


def neutralise_scene(scene, denoise):
    render = scene.render
    if render.use_freestyle and not TRUSTED:
        warn("Freestyle is switched off: its style modules are programs, and these do not run on volunteers' machines")
    if not TRUSTED:
        remove_freestyle(scene)
    render.use_multiview = False
    render.use_placeholder = False
    render.threads_mode = "AUTO"  # the number given on the command line counts
    cycles = getattr(scene, "cycles", None)
    if cycles is None:
        return
    cycles.device = "CPU"
    if getattr(cycles, "shading_system", False) and not TRUSTED:
        cycles.shading_system = False
        warn("Open Shading Language is switched off: its shaders can write files")
    if denoise:
        return
    layers = [layer.cycles for layer in scene.view_layers if hasattr(layer, "cycles")]
    if render.engine == "CYCLES" and cycles.use_denoising and any(getattr(l, "use_denoising", True) for l in layers):
        warn("denoising is switched off: this Blender was built without OpenImageDenoise")
    cycles.use_denoising = False


def neutralise():
    denoise = can_denoise()
    for scene in bpy.data.scenes:
        neutralise_scene(scene, denoise)
    neutralise_nodes(denoise)
