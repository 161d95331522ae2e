# Applies the parameters of an order to a scene: each choose_ function one; None keeps the file's value. Raises Problem
# for what the file or this Blender does not have. Imported by driver.py, beside which it is installed.

import bpy

from distren_cameras import needs_camera
from distren_report import Problem, names, scene_cameras, warn
from distren_versions import compositor, set_engine, set_format, strips

MOVIE_FORMATS = ("AVI_JPEG", "AVI_RAW", "FFMPEG")
BORDERS = {}  # a scene's name -> whether the file itself renders only a region of it


def choose_scene(requested):
    if requested is None:
        return bpy.context.scene
    scene = bpy.data.scenes.get(requested)
    if scene is None:
        raise Problem('the scene "%s" is not in the file; %s' % (requested, names(bpy.data.scenes.keys())))
    # Blender 3.4 renders a scene that no window shows without moving its animation to the frame.
    for window in bpy.context.window_manager.windows:
        window.scene = scene
    return scene


def choose_camera(scene, requested):
    if not needs_camera(scene) and requested is None:
        return
    cameras = scene_cameras(scene)
    if requested is not None:
        for camera in cameras:
            if camera.name == requested:
                # Markers bound to other cameras would switch away from the requested one.
                for marker in scene.timeline_markers:
                    marker.camera = None
                scene.camera = camera
                return
        text = 'the camera "%s" is not in the scene "%s"; %s'
        raise Problem(text % (requested, scene.name, names(c.name for c in cameras)), "camera_missing")
    sequenced = scene.render.use_sequencer and any(strip.type != "SOUND" for strip in strips(scene))
    if scene.camera is None and not sequenced and not any(marker.camera for marker in scene.timeline_markers):
        text = 'no camera is active in the scene "%s"; choose one of its own: %s'
        raise Problem(text % (scene.name, names(c.name for c in cameras)), "camera_missing")


def choose_engine(scene, requested):
    if requested is not None and scene.render.engine != requested and not set_engine(scene, requested):
        raise Problem('this Blender (%s) has no render engine "%s"' % (bpy.app.version_string, requested),
                      "renderer_missing")


def choose_view_layer(scene, requested):
    if requested is None:
        return
    if requested not in scene.view_layers:
        text = 'the view layer "%s" is not in the scene "%s"; %s'
        raise Problem(text % (requested, scene.name, names(scene.view_layers.keys())))
    for layer in scene.view_layers:
        layer.use = layer.name == requested


def choose_size(scene, order):
    render = scene.render
    if order.get("width") is not None:
        render.resolution_x, render.resolution_y = order["width"], order["height"]
        render.resolution_percentage = 100
    if order.get("percentage") is not None:
        render.resolution_percentage = order["percentage"]


def choose_tile(scene, order):
    """Pixels are counted from 1 and from the top left corner; Blender expects fractions of the size, from the bottom
    left. The half pixel compensates for Blender's truncation of the product."""
    if order.get("first-column") is None:
        return
    render = scene.render
    if scene.name not in BORDERS:
        BORDERS[scene.name] = render.use_border
    if BORDERS[scene.name]:
        text = 'the scene "%s" renders only a region of its picture; switch that off to render in tiles'
        raise Problem(text % scene.name)
    width = render.resolution_x * render.resolution_percentage // 100
    height = render.resolution_y * render.resolution_percentage // 100
    render.use_border = render.use_crop_to_border = True
    render.border_min_x = (order["first-column"] - 0.5) / width
    render.border_max_x = (order["last-column"] + 0.5) / width
    render.border_min_y = (height - order["last-row"] + 0.5) / height
    render.border_max_y = (height - order["first-row"] + 1.5) / height
    if compositor(scene) is not None:
        warn("its compositing sees one tile at a time: "
             "what spreads further than the overscan shows at the edges of tiles")
    if render.engine == "CYCLES" and scene.cycles.use_denoising:
        scene.cycles.use_denoising = False
        warn("tiles are not denoised one by one, which would show at their edges; ask for denoising of the whole frame")


def choose_denoising_data(scene, requested):
    if requested != "on":
        return
    for layer in scene.view_layers:
        if hasattr(layer, "cycles"):
            layer.cycles.denoising_store_passes = True


def choose_samples(scene, samples):
    if samples is None:
        return
    engine = scene.render.engine
    if engine == "CYCLES":
        scene.cycles.samples = samples
        if hasattr(scene.cycles, "use_square_samples"):
            scene.cycles.use_square_samples = False
        for layer in scene.view_layers:
            layer.samples = 0  # a view layer's own number would override
    elif engine.startswith("BLENDER_EEVEE"):
        scene.eevee.taa_render_samples = samples
    else:
        warn("the render engine %s takes no number of samples" % engine)


def choose_format(scene, requested):
    settings = scene.render.image_settings
    if requested is None and settings.file_format in MOVIE_FORMATS:
        requested = "PNG"
        warn("the file asks for a movie; frames are saved as PNG")
    if requested is None or settings.file_format == requested:
        return
    if not set_format(settings, requested):
        raise Problem('this Blender (%s) cannot save "%s"' % (bpy.app.version_string, requested), "renderer_missing")


def use_devices(requested):
    """Renders with exactly these, without the processor: different kernels in one image differ in some pixels."""
    preferences = bpy.context.preferences.addons["cycles"].preferences
    kind = requested[0]["type"]
    ids = {device["id"] for device in requested}
    try:
        preferences.compute_device_type = kind
        listed = list(preferences.get_devices_for_type(kind) or ())
    except (TypeError, ValueError):
        listed = []
    here = {device.id for device in listed if device.type == kind}
    if not ids <= here:
        raise Problem("the graphics card %s is not there any more" % ", ".join(sorted(ids - here)),
                      "renderer_missing", machine=True)
    for device in preferences.devices:
        device.use = device.type == kind and device.id in ids
    for scene in bpy.data.scenes:
        if getattr(scene, "cycles", None) is not None:
            scene.cycles.device = "GPU"
