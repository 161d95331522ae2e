"""Makes probe.blend, what a slave renders to know which engines work: a cube, a lamp, 16 x 16 pixels. Run as:
blender --background --factory-startup --python-exit-code 1 --python make_probe.py -- probe.blend

And for methods/denoise/probe, with its picture of all passes that denoising needs beside it:
blender --background --factory-startup --python-exit-code 1 --python make_probe.py -- probe.blend noisy0001.exr
"""
import os
import sys

import bpy


def cube():
    bpy.ops.mesh.primitive_cube_add(size=2)
    material = bpy.data.materials.new("Clay")
    material.use_nodes = True
    bpy.context.object.data.materials.append(material)


def things():
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location, camera.rotation_euler = (0, -5, 1.5), (1.3, 0, 0)
    lamp = bpy.data.objects.new("Lamp", bpy.data.lights.new("Lamp", "POINT"))
    lamp.location, lamp.data.energy = (2, -3, 4), 500
    for each in (camera, lamp):
        bpy.context.collection.objects.link(each)
    bpy.context.scene.camera = camera


def settings(scene):
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = 1
    scene.cycles.use_denoising = False
    scene.eevee.taa_render_samples = 1
    scene.display.render_aa = "OFF"
    scene.render.resolution_x = scene.render.resolution_y = 16
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = "//output/"


def noisy(scene, path):
    layer = bpy.context.view_layer
    layer.cycles.denoising_store_passes = True
    scene.render.image_settings.file_format = "OPEN_EXR_MULTILAYER"
    scene.render.image_settings.exr_codec = "ZIP"
    scene.render.filepath = os.path.abspath(path)
    scene.render.use_file_extension = False
    for name in dir(scene.render):  # nothing of this machine in the file
        if name.startswith("use_stamp"):
            setattr(scene.render, name, False)
    bpy.ops.render.render(write_still=True)


def main(path, picture=None):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    cube()
    things()
    settings(bpy.context.scene)
    bpy.ops.wm.save_as_mainfile(filepath=os.path.abspath(path), compress=True, relative_remap=False)
    if picture:
        noisy(bpy.context.scene, picture)


main(*sys.argv[sys.argv.index("--") + 1:])
