# Removes from an untrusted file what could run code, and what this Blender cannot do. Called after loading and before each
# frame; each change is a warning. Imported by driver.py, beside which it is installed.

import sys

import bpy

from distren_report import Problem, warn
from distren_versions import compositor_trees, program_cameras

TRUSTED = "--enable-autoexec" in sys.argv  # the volunteer allows scripts in scenes of this owner
PROGRAMS = set()  # names of cameras that were programs


def can_denoise():
    try:
        import _cycles
    except ImportError:
        return False
    return bool(getattr(_cycles, "with_openimagedenoise", False))


def neutralise_nodes():
    for tree in compositor_trees():
        for node in tree.nodes:
            if node.type == "DENOISE" and not node.mute:
                node.mute = True
                warn("the compositor's Denoise node is muted: this Blender was built without OpenImageDenoise")


def neutralise_freestyle(scene):
    """The parameter editor draws lines by Blender's own code; in the other mode modules of the file run."""
    for layer in scene.view_layers:
        settings = getattr(layer, "freestyle_settings", None)
        if settings is None:
            continue
        if settings.mode == "SCRIPT" and layer.use_freestyle:
            layer.use_freestyle = False
            if scene.render.use_freestyle:
                warn('Freestyle is switched off in the view layer "%s": its style modules are programs, and these do not '
                     'run on volunteers\' machines' % layer.name)
        for module in list(settings.modules):
            settings.modules.remove(module)


def neutralise_cameras():
    for camera in program_cameras():
        camera.type = "PERSP"
        PROGRAMS.add(camera.name_full)


def refuse_programs(scene):
    """A frame through a camera that is a program would be another image."""
    cameras = [scene.camera] + [marker.camera for marker in scene.timeline_markers]
    for camera in cameras:
        if camera is not None and camera.data is not None and camera.data.name_full in PROGRAMS:
            raise Problem('the camera "%s" is a program in Open Shading Language, and these do not run on volunteers\' '
                          'machines; choose another type of camera, or another camera' % camera.name)


def neutralise_scene(scene, denoise):
    render = scene.render
    if not TRUSTED:
        neutralise_freestyle(scene)
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
    if not denoise:
        neutralise_nodes()
    if not TRUSTED:
        neutralise_cameras()
