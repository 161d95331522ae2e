# Saves a .blend for each setting that distren-scene reads, set both ways, and what Blender itself says of it:
#   blender --background --factory-startup --python make_constants.py -- FOLDER
# FOLDER/expected.json: by file, {"file": its facts, "scenes": {name: facts}}. Runs in every Blender from 2.93 on.
import json
import os
import sys

import bpy

FOLDER = os.path.abspath(sys.argv[sys.argv.index("--") + 1])
EXPECTED = {}
NEW = bpy.app.version >= (5, 0)
# Simple or not: Blender says itself.
EXPRESSIONS = ("frame - 2", "var*2", "sin(frame/10)", "1 if frame > 10 else 0", "min(1, 2, var)", "max(var)",
               "log(2)", "log(8, 2)", "clamp(var)", "clamp(var, 0, 1)", "lerp(0, 1, var)",
               "smoothstep(0, 1, var)", "not var", "1 < var <= 3", "-+-var", "1e3", ".5", "pi", "True",
               "atan2(1, 2)", "fmod(5, 3)", "pow(2, 3)", "int(var)", "var ** 2", "var % 2", "var // 2",
               "self.location.x", "noise(var)", "[1, 2][0]", "010", "00", "other", "sin()", "round(1.5)",
               "round(1.5, 1)", "bpy.context.scene.frame_current", "fabs(var)", "exp(1)",
               "1 if var else 2 if frame else 3", "(1)", "var and frame or 1", "degrees(radians(var))",
               "floor(var) + ceil(var) + trunc(var)", "len('a')", "a.b", "1 == 1.0 != var", "sqrt(abs(var))",
               "min()", "tan(1)/cos(1)*acos(0)+asin(0)-atan(0)")


def fresh():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.filepaths.save_version = 0
    return bpy.context.scene


def compositor(scene):
    if NEW:
        return scene.compositing_node_group
    return scene.node_tree if scene.use_nodes else None


def new_compositor(scene):
    if NEW:
        scene.compositing_node_group = bpy.data.node_groups.new("Compositor", "CompositorNodeTree")
        return scene.compositing_node_group
    scene.use_nodes = True
    scene.node_tree.nodes.clear()
    return scene.node_tree


def strips(scene):
    editor = scene.sequence_editor_create()
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def colour_strip(scene):
    length = {"length": 9} if NEW else {"frame_end": 9}
    return strips(scene).new_effect("colour", "COLOR", 1, frame_start=1, **length)


def camera(scene, name, collection=None):
    made = bpy.data.objects.new(name, bpy.data.cameras.new(name))
    (collection or scene.collection).objects.link(made)
    return made


def shows_strips(scene):
    editor = scene.sequence_editor
    if editor is None or not scene.render.use_sequencer:
        return False
    silent = {i for i, channel in enumerate(editor.channels) if channel.mute} if NEW else ()
    return any(strip.type != "SOUND" and not (NEW and (strip.mute or strip.channel in silent))
               for strip in (editor.strips if hasattr(editor, "strips") else editor.sequences))


def stereo(scene):
    render = scene.render
    image = render.image_settings
    if not render.use_multiview:
        return None
    if render.views_format == "MULTIVIEW" or image.views_format != "STEREO_3D":
        return "FILES"
    form = image.stereo_3d_format
    if form.display_mode in ("SIDEBYSIDE", "TOPBOTTOM") and not form.use_squeezed_frame:
        return {"SIDEBYSIDE": "SIDE_BY_SIDE", "TOPBOTTOM": "TOP_BOTTOM"}[form.display_mode]
    return "SAME_SIZE"


def scene_facts(scene):
    render, cycles = scene.render, scene.cycles
    tree = compositor(scene) if render.use_compositing else None
    nodes = [node for node in tree.nodes if not node.mute] if tree else []
    lines = [layer for layer in scene.view_layers if layer.use and layer.use_freestyle and render.use_freestyle]
    return {
        "view_layers": [layer.name for layer in scene.view_layers if layer.use],
        "disabled_view_layers": [layer.name for layer in scene.view_layers if not layer.use],
        "camera": scene.camera.name if scene.camera else None,
        "cameras": sorted(thing.name for thing in scene.objects if thing.type == "CAMERA" and not thing.library),
        "linked": sorted(thing.name for thing in scene.collection.children if thing.library) + sorted(
            thing.name for thing in scene.collection.objects if thing.library),
        "camera_markers": any(m.camera and not m.camera.hide_render for m in scene.timeline_markers),
        "frame_start": scene.frame_start, "frame_end": scene.frame_end, "frame_step": scene.frame_step,
        "frame_current": scene.frame_current,
        "milli_fps": round(render.fps / render.fps_base * 1000),
        "engine": render.engine,
        "width": render.resolution_x, "height": render.resolution_y, "percentage": render.resolution_percentage,
        "border": render.use_border, "crop": render.use_crop_to_border,
        "left": render.border_min_x, "right": render.border_max_x,
        "bottom": render.border_min_y, "top": render.border_max_y,
        "motion_blur": render.use_motion_blur,
        "format": render.image_settings.file_format,
        "samples": cycles.samples if cycles.is_property_set("samples") else None,
        "denoising": cycles.use_denoising and any(l.use and l.cycles.use_denoising for l in scene.view_layers),
        "osl": bool(cycles.shading_system) if cycles.is_property_set("shading_system") else None,
        "uses_sequencer": shows_strips(scene),
        "composites": tree is not None,
        "composited_scenes": sorted({(node.scene or scene).name for node in nodes if node.type == "R_LAYERS"}),
        "file_output_nodes": any(node.type == "OUTPUT_FILE" for node in nodes),
        "denoise_nodes": any(node.type == "DENOISE" for node in nodes),
        "stereo": stereo(scene),
        "freestyle": bool(lines),
        "freestyle_scripts": sum(len([m for m in layer.freestyle_settings.modules if m.script]) for layer in lines
                                 if layer.freestyle_settings.mode == "SCRIPT"),
        "view_transform": scene.view_settings.view_transform, "look": scene.view_settings.look,
        "display": scene.display_settings.display_device,
    }


def drivers():
    animated = [thing.animation_data for thing in bpy.data.objects if thing.animation_data]
    return [curve.driver for data in animated for curve in data.drivers]


def file_facts():
    return {
        "version": bpy.app.version[0] * 100 + bpy.app.version[1],
        "subversion": bpy.app.version_file[2],
        "active_scene": bpy.context.scene.name,
        "cameras": sorted(thing.name for thing in bpy.data.objects if thing.type == "CAMERA" and not thing.library),
        "drivers": len(drivers()),
        "scripted_drivers": sum(d.type == "SCRIPTED" and not d.is_simple_expression for d in drivers()),
        "text_blocks": len(bpy.data.texts),
        "registered_texts": sum(text.use_module for text in bpy.data.texts),
    }


def save(name):
    path = os.path.join(FOLDER, name + ".blend")
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=False, relative_remap=False)
    EXPECTED[name] = {"file": file_facts(), "scenes": {scene.name: scene_facts(scene) for scene in bpy.data.scenes}}


def both_ways(name, set_to):
    for value in (False, True):
        set_to(fresh(), value)
        save("%s_%d" % (name, value))


def one_picture(scene, mode, squeezed):
    scene.render.use_multiview = True
    scene.render.image_settings.views_format = "STEREO_3D"
    scene.render.image_settings.stereo_3d_format.display_mode = mode
    scene.render.image_settings.stereo_3d_format.use_squeezed_frame = squeezed


def with_layer(scene, name, value):
    scene.render.use_freestyle = True
    layer = scene.view_layers.new("Second")
    setattr(layer, name, value)
    return layer


def style_modules(scene, value):
    layer = with_layer(scene, "use_freestyle", True)
    layer.freestyle_settings.modules.new().script = bpy.data.texts.new("style.py")
    layer.freestyle_settings.mode = "SCRIPT" if value else "EDITOR"


def muted_node(scene, kind):
    def set_to(scene, value):
        new_compositor(scene).nodes.new(kind).mute = value
    return set_to


def hidden_marker(scene, value):
    made = camera(scene, "Marked")
    made.hide_render = value
    scene.timeline_markers.new("cut", frame=3).camera = made


def muted_strip(scene, value):
    colour_strip(scene).mute = value


def muted_channel(scene, value):
    colour_strip(scene)
    scene.sequence_editor.channels[1].mute = value


def layer_denoising(scene, value):
    scene.cycles.use_denoising = True
    scene.view_layers[0].cycles.use_denoising = value


def make_settings():
    for name in ("use_border", "use_crop_to_border", "use_motion_blur", "use_compositing", "use_sequencer",
                 "use_multiview", "use_freestyle"):
        def set_to(scene, value, name=name):
            new_compositor(scene).nodes.new("CompositorNodeRLayers")
            colour_strip(scene)
            scene.view_layers[0].use_freestyle = True
            setattr(scene.render, name, value)
        both_ways(name, set_to)
    both_ways("layer_use", lambda scene, value: with_layer(scene, "use", value))
    both_ways("layer_freestyle", lambda scene, value: with_layer(scene, "use_freestyle", value))
    both_ways("style_modules", style_modules)
    both_ways("multiview", lambda scene, value: (setattr(scene.render, "use_multiview", True), setattr(
        scene.render, "views_format", "MULTIVIEW" if value else "STEREO_3D")))
    for mode in ("ANAGLYPH", "INTERLACE", "SIDEBYSIDE", "TOPBOTTOM"):
        both_ways("stereo_" + mode, lambda scene, value, mode=mode: one_picture(scene, mode, value))
    both_ways("denoising", lambda scene, value: setattr(scene.cycles, "use_denoising", value))
    both_ways("layer_denoising", layer_denoising)
    if hasattr(bpy.context.scene.cycles, "shading_system"):
        both_ways("osl", lambda scene, value: setattr(scene.cycles, "shading_system", value))
    both_ways("hidden_marker", hidden_marker)
    both_ways("muted_strip", muted_strip)
    both_ways("muted_channel", muted_channel)
    for kind in ("RLayers", "OutputFile", "Denoise"):
        both_ways("muted_" + kind, muted_node(None, "CompositorNode" + kind))
    both_ways("registered", lambda scene, value: setattr(bpy.data.texts.new("t.py"), "use_module", value))
    scene = fresh()
    scene.frame_start, scene.frame_end, scene.frame_step = 7, 90, 4
    scene.frame_set(11)
    scene.render.fps, scene.render.fps_base = 30, 1.001
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 123, 45, 67
    scene.render.border_min_x, scene.render.border_max_x = 0.1, 0.7
    scene.render.border_min_y, scene.render.border_max_y = 0.3, 0.9
    scene.cycles.samples = 77
    save("numbers")


def choices(owner, name):
    """All values of an enumeration that is made at run time: Blender lists them when a wrong one is set."""
    try:
        setattr(owner, name, "no such value")
    except TypeError as error:
        return [part for part in str(error).split("not found in", 1)[1].split("'")[1::2]]
    return []


def make_choices():
    scene = fresh()
    for form in choices(scene.render.image_settings, "file_format"):
        if form in ("FFMPEG", "AVI_JPEG", "AVI_RAW"):
            continue
        scene = fresh()
        scene.render.image_settings.file_format = form
        save("format_" + form)
    for engine in choices(fresh().render, "engine"):
        fresh().render.engine = engine
        save("engine_" + engine)


def make_cameras():
    """Cameras in the scene's own collection, nested ones, another scene's, none at all, and linked ones."""
    scene = fresh()
    inner, outer = bpy.data.collections.new("Inner"), bpy.data.collections.new("Outer")
    scene.collection.children.link(outer)
    outer.children.link(inner)
    camera(scene, "Own"), camera(scene, "Outside", outer)
    scene.camera = camera(scene, "Inside", inner)
    other = bpy.data.scenes.new("Other")
    other.collection.children.link(inner)
    other.camera = camera(other, "OtherCam")
    bpy.data.objects.new("Nowhere", bpy.data.cameras.new("Nowhere")).use_fake_user = True
    save("cameras")
    library = os.path.join(FOLDER, "cameras.blend")
    scene = fresh()
    camera(scene, "Local")
    with bpy.data.libraries.load(library, link=True) as (_, wanted):
        wanted.collections, wanted.objects = ["Outer"], ["Own"]
    scene.collection.children.link(wanted.collections[0])
    scene.collection.objects.link(wanted.objects[0])
    save("linked")
    scene = fresh()
    other = bpy.data.scenes.new("Other")
    for shown in (None, other):
        new_compositor(scene).nodes.new("CompositorNodeRLayers").scene = shown or scene
        save("layers_of_" + (shown or scene).name)


def make_drivers():
    for number, expression in enumerate(EXPRESSIONS):
        fresh()
        thing = bpy.data.objects.new("Driven", None)
        driver = thing.driver_add("location", 0).driver
        variable = driver.variables.new()
        variable.name = "var"
        variable.targets[0].id, variable.targets[0].data_path = thing, "location.y"
        driver.type, driver.expression = "SCRIPTED", expression
        bpy.context.scene.collection.objects.link(thing)
        save("driver_%02d" % number)
        EXPECTED["driver_%02d" % number]["about"] = expression
    fresh()
    thing = bpy.data.objects.new("Driven", None)
    thing.driver_add("location", 0).driver.type = "AVERAGE"
    bpy.context.scene.collection.objects.link(thing)
    save("driver_average")


make_settings()
make_choices()
make_cameras()
make_drivers()
with open(os.path.join(FOLDER, "expected.json"), "w") as out:
    json.dump(EXPECTED, out)
