# Saves the scenes of tests/e2e/scene_rules.py, a rule each:
#   blender --background --factory-startup --python make_rules.py -- FOLDER
# Every frame is 64 x 36 pixels with one Cycles sample.
import os
import sys

import bpy

FOLDER = os.path.abspath(sys.argv[sys.argv.index("--") + 1])
NEW = bpy.app.version >= (5, 0)


def fresh(name="Scene"):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.filepaths.save_version = 0
    return small(bpy.context.scene)


def small(scene):
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 64, 36, 100
    scene.render.image_settings.file_format = "PNG"
    scene.frame_start = scene.frame_end = 1
    return scene


def camera(scene, name="Camera", active=True):
    made = bpy.data.objects.new(name, bpy.data.cameras.new(name))
    scene.collection.objects.link(made)
    if active:
        scene.camera = made
    return made


def compositor(scene):
    if NEW:
        scene.compositing_node_group = bpy.data.node_groups.new("Compositor", "CompositorNodeTree")
        scene.compositing_node_group.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        return scene.compositing_node_group, scene.compositing_node_group.nodes.new("NodeGroupOutput")
    scene.use_nodes = True
    scene.node_tree.nodes.clear()
    return scene.node_tree, scene.node_tree.nodes.new("CompositorNodeComposite")


def composited(scene, kind="CompositorNodeRLayers"):
    tree, output = compositor(scene)
    node = tree.nodes.new(kind)
    tree.links.new(node.outputs[0], output.inputs[0])
    return node


def strips(scene):
    editor = scene.sequence_editor_create()
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def colour_strip(scene):
    length = {"length": 9} if NEW else {"frame_end": 9}
    return strips(scene).new_effect("colour", "COLOR", 1, frame_start=1, **length)


def silence():
    import wave
    path = os.path.join(FOLDER, "silence.wav")
    with wave.open(path, "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(8000)
        file.writeframes(bytes(16000))
    return path


def save(name):
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(FOLDER, name + ".blend"), compress=False, relative_remap=False)


def make_cameras():
    scene = fresh()
    camera(scene)
    other = small(bpy.data.scenes.new("Other"))
    camera(other, "OtherCam")
    bpy.data.objects.new("DeletedCam", bpy.data.cameras.new("DeletedCam")).use_fake_user = True
    save("cameras")
    fresh()
    composited(bpy.context.scene, "CompositorNodeRGB")
    save("colour_only")
    scene = fresh()
    composited(scene)
    save("layers_without_camera")
    scene = fresh()
    composited(scene).scene = small(bpy.data.scenes.new("Other"))
    save("layers_of_another_without_camera")
    camera(bpy.data.scenes["Other"], "OtherCam")
    save("layers_of_another")
    scene = fresh()
    strips(scene).new_sound("sound", silence(), 1, 1)
    save("sound_without_camera")
    camera(scene)
    save("sound")
    colour_strip(fresh())
    save("strip")
    bpy.context.scene.render.use_sequencer = False
    save("strip_switched_off")
    scene = fresh()
    camera(scene, active=False)
    save("inactive")
    scene.timeline_markers.new("cut", frame=5).camera = scene.objects["Camera"]
    save("marker")


def make_pictures():
    scene = fresh()
    camera(scene)
    scene.view_layers[0].name = "Green"
    scene.view_layers.new("Red").use = False
    save("layers")
    scene = fresh()
    camera(scene)
    scene.render.use_border = True
    scene.render.border_min_x, scene.render.border_max_x = 0.25, 0.75
    scene.render.border_min_y, scene.render.border_max_y = 0.2, 0.9
    save("region")
    scene.render.use_crop_to_border = True
    save("cropped")
    scene.render.border_max_x = 0.255
    save("empty_region")
    scene = fresh()
    camera(scene)
    composited(scene, "CompositorNodeImage")
    save("image_node")
    scene = fresh()
    camera(scene)
    scene.render.use_freestyle = scene.view_layers[0].use_freestyle = True
    save("freestyle")
    scene = fresh()
    camera(scene)
    scene.render.use_multiview = True
    scene.render.image_settings.views_format = "STEREO_3D"
    scene.render.image_settings.stereo_3d_format.display_mode = "SIDEBYSIDE"
    save("stereo")
    scene = fresh()
    camera(scene)
    if "use_denoising" in scene.cycles:
        del scene.cycles["use_denoising"]
    else:
        scene.cycles.property_unset("use_denoising")
    save("denoised")
    scene.render.engine = "BLENDER_WORKBENCH"
    save("not_denoised")


def make_foreign():
    """Names that no Blender offers are put into the bytes of a file."""
    scene = fresh()
    camera(scene)
    scene.view_settings.view_transform = "False Color"
    save("plain")
    with open(os.path.join(FOLDER, "plain.blend"), "rb") as file:
        content = file.read()
    for name, old, new in (("engine", b"CYCLES\0", b"MYENGI\0"), ("view", b"False Color", b"Studio View")):
        assert old in content, old
        with open(os.path.join(FOLDER, f"foreign_{name}.blend"), "wb") as out:
            out.write(content.replace(old, new))


make_cameras()
make_pictures()
make_foreign()
