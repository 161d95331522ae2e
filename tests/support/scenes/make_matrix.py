# Makes a small scene of each kind that a Blender renders, by that Blender, from 2.93 to 5.x:
#   blender --background --factory-startup --python make_matrix.py -- FOLDER [KIND...]
# Each is 96 x 54 pixels, frames 1 to 12, and renders the same twice.
import os
import sys

import bpy

FOLDER, *WANTED = sys.argv[sys.argv.index("--") + 1:]
MADE = {}


def kind(function):
    MADE[function.__name__] = function
    return function


def set_engine(scene, *names):
    for name in names:
        try:
            scene.render.engine = name
            return
        except TypeError:
            continue
    raise SystemExit("none of " + ", ".join(names))


def coloured(thing, colour):
    material = bpy.data.materials.new("Paint")
    material.use_nodes = True
    material.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = colour
    material.diffuse_color = colour
    thing.data.materials.append(material)


def camera(scene, name, place, turn):
    thing = bpy.data.objects.new(name, bpy.data.cameras.new(name))
    thing.location, thing.rotation_euler = place, turn
    scene.collection.objects.link(thing)
    return thing


def new_scene(engine="CYCLES"):
    """A turning cube and a ball on a floor, a sun, the cameras "Camera" (active) and "Side"."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.filepaths.save_version = 0
    scene = bpy.context.scene
    set_engine(scene, engine, "BLENDER_EEVEE_NEXT" if engine == "BLENDER_EEVEE" else engine)
    scene.cycles.samples, scene.cycles.seed = 4, 1
    scene.cycles.use_denoising = scene.cycles.use_adaptive_sampling = False
    scene.eevee.taa_render_samples = 4
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 96, 54, 100
    scene.frame_start, scene.frame_end = 1, 12
    scene.render.image_settings.file_format = "PNG"
    scene.world = bpy.data.worlds.new("World")
    scene.world.color = (0.2, 0.25, 0.3)
    bpy.ops.mesh.primitive_cube_add(size=2, location=(-1, 0, 0))
    cube = bpy.context.object
    cube.name = "Cube"
    coloured(cube, (0.8, 0.2, 0.1, 1))
    for frame, turn in ((1, 0.0), (12, 1.5)):
        cube.rotation_euler.z = turn
        cube.keyframe_insert("rotation_euler", frame=frame)
    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=2, location=(1.8, 0, 0))
    coloured(bpy.context.object, (0.1, 0.3, 0.8, 1))
    bpy.ops.mesh.primitive_plane_add(size=20, location=(0, 0, -1))
    coloured(bpy.context.object, (0.5, 0.5, 0.4, 1))
    bpy.ops.object.light_add(type="SUN", rotation=(0.6, 0.2, 0.4))
    bpy.context.object.data.energy = 3
    scene.camera = camera(scene, "Camera", (0, -8, 2), (1.35, 0, 0))
    camera(scene, "Side", (8, 0, 2), (1.35, 0, 1.5708))
    return scene


def compositor(scene):
    """An empty tree and the socket that is its image: until 4.5 the scene's own, from 5.0 on a group."""
    if hasattr(scene, "compositing_node_group"):
        tree = bpy.data.node_groups.new("Compositing", "CompositorNodeTree")
        scene.compositing_node_group = tree
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        return tree, tree.nodes.new("NodeGroupOutput").inputs[0]
    scene.use_nodes = True
    tree = scene.node_tree
    tree.nodes.clear()
    return tree, tree.nodes.new("CompositorNodeComposite").inputs["Image"]


def file_output(tree, folder, slots, file_format="PNG"):
    """A File Output node; its sockets by name."""
    node = tree.nodes.new("CompositorNodeOutputFile")
    if hasattr(node.format, "media_type"):
        node.format.media_type = "IMAGE"
    node.format.file_format = file_format
    if hasattr(node, "directory"):
        node.directory = folder
        node.file_name = ""
        for name in slots:
            node.file_output_items.new("RGBA", name)
    else:
        node.base_path = folder
        node.file_slots.clear()
        for name in slots:
            node.file_slots.new(name)
    return node, [node.inputs[index] for index in range(len(slots))]


@kind
def cycles():
    new_scene()


@kind
def eevee():
    new_scene("BLENDER_EEVEE")


@kind
def workbench():
    new_scene("BLENDER_WORKBENCH")


@kind
def compositing():
    scene = new_scene()
    tree, result = compositor(scene)
    layers, invert = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new("CompositorNodeInvert")
    tree.links.new(layers.outputs["Image"], invert.inputs["Color"])
    tree.links.new(invert.outputs[0], result)


@kind
def sequencer():
    """Two scenes and a colour, one after the other; the second half shows the colour through the scene."""
    scene = new_scene("BLENDER_WORKBENCH")
    scene.name = "Shot"
    edit = bpy.data.scenes.new("Edit")
    edit.render.resolution_x, edit.render.resolution_y, edit.render.resolution_percentage = 96, 54, 100
    edit.frame_start, edit.frame_end = 1, 12
    edit.render.image_settings.file_format = "PNG"
    editor = edit.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strips.new_scene("Shot", scene, 1, 1)
    length = {"length": 6} if hasattr(editor, "strips") else {"frame_end": 12}
    colour = strips.new_effect("Colour", "COLOR", 2, 7, **length)
    colour.color, colour.blend_type, colour.blend_alpha = (0.1, 0.6, 0.2), "ALPHA_OVER", 0.5
    bpy.context.window.scene = edit


@kind
def plain():
    """Without the noise that hides bands of 8 bits, whose pattern begins anew in each image."""
    new_scene().render.dither_intensity = 0


@kind
def deep():
    new_scene().render.image_settings.color_depth = "16"


@kind
def layers():
    """The ball is in the view layer "Balls" alone, which is switched off in the file."""
    scene = new_scene()
    balls = bpy.data.collections.new("Balls")
    scene.collection.children.link(balls)
    ball = next(thing for thing in scene.objects if thing.name.startswith("Ico"))
    scene.collection.objects.unlink(ball)
    balls.objects.link(ball)
    scene.view_layers[0].name = "Front"
    scene.view_layers["Front"].layer_collection.children["Balls"].exclude = True
    scene.view_layers.new("Balls").use = False


@kind
def pencil():
    scene = new_scene("BLENDER_EEVEE")
    if bpy.app.version >= (4, 3):
        bpy.ops.object.grease_pencil_add(type="MONKEY", location=(0, -2, 1))
    else:
        bpy.ops.object.gpencil_add(type="MONKEY", location=(0, -2, 1))


@kind
def region():
    """A part whose edges fall between pixels, cut out."""
    render = new_scene().render
    render.use_border = render.use_crop_to_border = True
    render.border_min_x, render.border_max_x, render.border_min_y, render.border_max_y = 0.1, 0.7, 0.3, 0.9


def stereo(scene, views_format):
    render = scene.render
    render.use_multiview, render.views_format = True, "STEREO_3D"
    render.image_settings.views_format = views_format


@kind
def stereo_wide():
    scene = new_scene()
    stereo(scene, "STEREO_3D")
    scene.render.image_settings.stereo_3d_format.display_mode = "SIDEBYSIDE"


@kind
def stereo_squeezed():
    scene = new_scene()
    stereo(scene, "STEREO_3D")
    scene.render.image_settings.stereo_3d_format.display_mode = "TOPBOTTOM"
    scene.render.image_settings.stereo_3d_format.use_squeezed_frame = True


@kind
def stereo_anaglyph():
    scene = new_scene("BLENDER_WORKBENCH")
    stereo(scene, "STEREO_3D")
    scene.render.image_settings.stereo_3d_format.display_mode = "ANAGLYPH"


@kind
def stereo_views():
    stereo(new_scene("BLENDER_WORKBENCH"), "INDIVIDUAL")


@kind
def freestyle():
    scene = new_scene()
    scene.render.use_freestyle = True
    settings = scene.view_layers[0].freestyle_settings
    lines = settings.linesets[0] if len(settings.linesets) else settings.linesets.new("Lines")
    if lines.linestyle is None:
        lines.linestyle = bpy.data.linestyles.new("Style")
    lines.linestyle.thickness, lines.linestyle.color = 3, (0, 0, 0)


@kind
def style_module():
    """A program draws its lines: it would end Blender."""
    scene = new_scene()
    scene.render.use_freestyle = True
    settings = scene.view_layers[0].freestyle_settings
    settings.mode = "SCRIPT"
    text = bpy.data.texts.new("module.py")
    text.from_string("import os\nos._exit(3)\n")
    settings.modules.new().script = text


@kind
def program_camera():
    scene = new_scene()
    if bpy.app.version < (5, 0):
        return False
    scene.camera.data.type = "CUSTOM"
    return True


@kind
def outputs():
    """Two slots of one node and a file of layers, in folders beside, above and anywhere."""
    scene = new_scene()
    scene.view_layers[0].use_pass_z = True
    tree, result = compositor(scene)
    layers = tree.nodes.new("CompositorNodeRLayers")
    tree.links.new(layers.outputs["Image"], result)
    _, (first, second) = file_output(tree, "//../passes/", ["beauty_", "depth/z_"])
    tree.links.new(layers.outputs["Image"], first)
    tree.links.new(layers.outputs["Image"], second)
    _, (only,) = file_output(tree, "/somebody/renders/", ["Image"], "OPEN_EXR")
    tree.links.new(layers.outputs["Image"], only)


os.makedirs(FOLDER, exist_ok=True)
for name, make in MADE.items():
    if WANTED and name not in WANTED:
        continue
    if make() is False:  # this Blender has none
        continue
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(os.path.abspath(FOLDER), name + ".blend"), relative_remap=False)
