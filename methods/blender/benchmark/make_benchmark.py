# Makes benchmark.blend, from whose frames a grid learns how fast a machine renders with Cycles on its processor:
#   blender --background --factory-startup --python make_benchmark.py -- benchmark.blend
# The frame number decides the seed, places the things and is written along the lower edge: 22 squares, white, bits 0
# to 19 of the number (white is 1), black; distren-image check --benchmark-frame reads them. Nothing adapts to the picture: every
# sample of every pixel is taken, so that the work is a + b * samples * pixels. With Blender 3.4.1 on one otherwise idle
# core of a 2-core x86-64 virtual machine, the reference, contrib/measure_benchmark.py found 1,920 ms (start, loading,
# 130,000 faces) + 1,880 ms per million samples, variants off by 2 %; beside busy neighbours by 6 % in the median.
import math
import sys

import bpy

WIDTH, HEIGHT = 480, 270
BITS = 20
LENS, SENSOR = 50.0, 36.0


def shaded(name, kind, color, roughness=None):
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    nodes.remove(nodes["Principled BSDF"])
    shader = nodes.new(kind)
    shader.inputs["Color"].default_value = (*color, 1)
    if roughness is not None:
        shader.inputs["Roughness"].default_value = roughness
    links.new(shader.outputs[0], nodes["Material Output"].inputs["Surface"])
    return made


def drive(thing, path, index, expression):
    # Sums, products, floor, fmod and sin of the frame are worked out without Python, so no slave blocks them.
    driver = thing.driver_add(path, index).driver
    driver.type, driver.expression = "SCRIPTED", expression


def ground(material):
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=8, y_subdivisions=8, size=24)
    thing = bpy.context.object
    thing.name = "Ground"
    finer = thing.modifiers.new("Finer", "SUBSURF")
    finer.subdivision_type, finer.levels, finer.render_levels = "SIMPLE", 0, 5
    texture = bpy.data.textures.new("Hills", "CLOUDS")
    texture.noise_scale, texture.noise_depth = 1.3, 4
    hills = thing.modifiers.new("Hills", "DISPLACE")
    hills.texture, hills.strength, hills.mid_level = texture, 0.9, 0.5
    thing.data.materials.append(material)


def heads(materials):
    bpy.ops.mesh.primitive_monkey_add(size=1.2)
    first = bpy.context.object
    smooth = first.modifiers.new("Smooth", "SUBSURF")
    smooth.levels, smooth.render_levels = 0, 2
    bpy.ops.object.shade_smooth()
    for index in range(15):
        thing = first if index == 0 else first.copy()
        if index:
            bpy.context.collection.objects.link(thing)
            same = index % len(materials)
            thing.data = bpy.data.objects[f"Head {same}"].data if same < index else first.data.copy()
        thing.name = f"Head {index}"
        if index < len(materials):
            thing.data.materials.clear()
            thing.data.materials.append(materials[index])
        row, column = divmod(index, 5)
        x, y = (column - 2) * 1.55 + (row % 2) * 0.5 - 0.25, row * 1.7 - 1.2
        drive(thing, "location", 0, f"{x:.3f} + 0.3 * sin(frame * {0.61 + 0.05 * index:.2f})")
        drive(thing, "location", 1, f"{y:.3f} + 0.3 * sin(frame * {0.83 + 0.04 * index:.2f})")
        drive(thing, "location", 2, f"1.05 + 0.2 * sin(frame * {1.13 + 0.03 * index:.2f})")
        drive(thing, "rotation_euler", 2, f"sin(frame * {0.47 + 0.06 * index:.2f})")


def seen_by_camera_alone(thing):
    thing.visible_diffuse = thing.visible_glossy = thing.visible_transmission = False
    thing.visible_volume_scatter = thing.visible_shadow = False


def strip(camera):
    """Squares on a plane one unit before the camera, each of the colour of its object, which nothing lights."""
    material = bpy.data.materials.new("Code")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.remove(nodes["Principled BSDF"])
    color, light = nodes.new("ShaderNodeObjectInfo"), nodes.new("ShaderNodeEmission")
    links.new(color.outputs["Color"], light.inputs["Color"])
    links.new(light.outputs[0], nodes["Material Output"].inputs["Surface"])
    material.cycles.sample_as_light = False

    across = SENSOR / LENS
    side, bottom = across / (BITS + 2), -across * HEIGHT / WIDTH / 2
    mesh = bpy.data.meshes.new("Square")
    below = -0.5 * side  # over the edge, so that no rounding of the height leaves a gap
    mesh.from_pydata([(0, below, 0), (side, below, 0), (side, side, 0), (0, side, 0)], [], [(0, 1, 2, 3)])
    mesh.materials.append(material)
    for index in range(BITS + 2):
        thing = bpy.data.objects.new(f"Square {index}", mesh)
        bpy.context.collection.objects.link(thing)
        thing.parent = camera
        thing.location = (index * side - across / 2, bottom, -1)
        white = 1.0 if index == 0 else 0.0
        thing.color = (white, white, white, 1)
        if 1 <= index <= BITS:
            for channel in range(3):
                drive(thing, "color", channel, f"fmod(floor(frame / {2 ** (index - 1)}), 2)")
        seen_by_camera_alone(thing)


def light(name, place, power, size, color):
    data = bpy.data.lights.new(name, "AREA")
    data.size, data.energy, data.color = size, power, color
    lamp = bpy.data.objects.new(name, data)
    lamp.location = place
    bpy.context.collection.objects.link(lamp)
    return lamp


def settings(scene):
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.samples = 16
    cycles.use_adaptive_sampling = False
    cycles.use_denoising = False
    cycles.use_animated_seed = True
    cycles.pixel_filter_type = "BOX"
    cycles.filter_width = 1.0
    cycles.max_bounces = 6
    cycles.diffuse_bounces = cycles.glossy_bounces = 3
    cycles.transmission_bounces = 6
    cycles.time_limit = 0
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    scene.render.resolution_percentage = 100
    scene.render.use_persistent_data = False
    scene.render.dither_intensity = 0
    scene.frame_start, scene.frame_end = 1, 1000000
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGB"
    scene.render.image_settings.color_depth = "8"
    scene.render.filepath = "//output/"
    scene.view_settings.view_transform = "Standard"
    scene.world = bpy.data.worlds.new("World")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.12, 0.16, 0.24, 1)


def main(path):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    settings(scene)
    ground(shaded("Ground", "ShaderNodeBsdfDiffuse", (0.32, 0.27, 0.2), 0.0))
    heads([
        shaded("Clay", "ShaderNodeBsdfDiffuse", (0.7, 0.25, 0.12), 0.5),
        shaded("Metal", "ShaderNodeBsdfGlossy", (0.8, 0.75, 0.6), 0.25),
        shaded("Chalk", "ShaderNodeBsdfDiffuse", (0.8, 0.8, 0.8), 0.0),
        shaded("Glass", "ShaderNodeBsdfGlass", (0.85, 0.95, 0.9), 0.02),
        shaded("Wax", "ShaderNodeBsdfDiffuse", (0.15, 0.35, 0.7), 0.2),
    ])
    data = bpy.data.cameras.new("Camera")
    data.lens, data.sensor_width, data.sensor_fit = LENS, SENSOR, "HORIZONTAL"
    camera = bpy.data.objects.new("Camera", data)
    camera.location, camera.rotation_euler = (0, -11.5, 5.2), (math.radians(68), 0, 0)
    bpy.context.collection.objects.link(camera)
    scene.camera = camera
    strip(camera)
    light("Key", (-4, -4, 7), 900, 2.5, (1, 0.94, 0.85)).rotation_euler = (0.5, -0.45, 0)
    light("Rim", (5, 5, 5), 500, 2.0, (0.6, 0.75, 1)).rotation_euler = (-0.75, 0.7, 0)
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=True, relative_remap=False)


main(sys.argv[sys.argv.index("--") + 1])
