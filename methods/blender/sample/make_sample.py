# Makes distren-sample.blend, the animation that a new grid renders first:
#   blender --background --factory-startup --python make_sample.py -- distren-sample.blend
# Sixteen frames for Cycles on the processor, without denoising, which not every build of Blender has.
import math
import sys

import bpy

FRAMES = 16
WIDTH, HEIGHT, SAMPLES = 480, 270, 10


def material(name, color, roughness=0.4, specular=0.5, emission=0.0):
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*color, 1)
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Specular"].default_value = specular
    shader.inputs["Emission"].default_value = (*color, 1)
    shader.inputs["Emission Strength"].default_value = emission
    made.cycles.sample_as_light = False
    return made


def matte(name, color):
    """Plain diffuse: clean after few samples."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    nodes.remove(nodes["Principled BSDF"])
    shader = nodes.new("ShaderNodeBsdfDiffuse")
    shader.inputs["Color"].default_value = (*color, 1)
    links.new(shader.outputs[0], nodes["Material Output"].inputs["Surface"])
    return made


def area_light(name, place, target, size, power, color):
    data = bpy.data.lights.new(name, "AREA")
    data.size, data.energy, data.color = size, power, color
    light = bpy.data.objects.new(name, data)
    light.location = place
    bpy.context.collection.objects.link(light)
    look_at(light, target)
    return light


def look_at(thing, target):
    constraint = thing.constraints.new("TRACK_TO")
    constraint.target = target
    constraint.track_axis, constraint.up_axis = "TRACK_NEGATIVE_Z", "UP_Y"


def letters(text, white, accent):
    """The word stands on the floor, one object a letter, so that each can take its turn to hop."""
    made, left = [], 0.0
    for index, letter in enumerate(text):
        bpy.ops.object.text_add(rotation=(math.pi / 2, 0, 0))
        shape = bpy.context.object
        shape.name = f"Letter {index + 1}"
        shape.data.body = letter
        shape.data.size, shape.data.extrude, shape.data.bevel_depth = 1.5, 0.16, 0.035
        shape.data.bevel_resolution, shape.data.resolution_u = 2, 6
        shape.data.materials.append(accent if index >= 4 else white)
        bpy.context.view_layer.update()
        corners = [corner[0] for corner in shape.bound_box]
        shape.location.x = left - min(corners)
        left += max(corners) - min(corners) + 0.11
        made.append(shape)
    for index, shape in enumerate(made):
        shape.location.x -= (left - 0.11) / 2
        phase = 2 * math.pi * index / len(text)
        for frame in range(FRAMES + 1):
            lift = max(0.0, math.sin(2 * math.pi * frame / FRAMES - phase))
            shape.location.z = 0.035 + 0.42 * lift * lift
            shape.keyframe_insert("location", index=2, frame=frame + 1)
    return made


def spheres(colors):
    """A ring of small glowing beads that turns once in the whole animation, so that it loops."""
    bpy.ops.object.empty_add()
    hub = bpy.context.object
    hub.name = "Ring"
    count = 14
    for index in range(count):
        angle = 2 * math.pi * index / count
        bpy.ops.mesh.primitive_uv_sphere_add(segments=32, ring_count=16, radius=0.15)
        bead = bpy.context.object
        bead.name = f"Bead {index + 1}"
        bead.location = (3.7 * math.cos(angle), 2.3 * math.sin(angle) + 0.1, 0.15)
        bpy.ops.object.shade_smooth()
        bead.data.materials.append(colors[index % len(colors)])
        # Seen and mirrored, but lighting nothing: so many small lamps would cost more noise than they give.
        bead.visible_diffuse = bead.visible_shadow = False
        bead.parent = hub
    # One colour's step is enough for a loop: after it the ring looks as it did.
    for frame, turn in ((1, 0), (FRAMES + 1, 2 * math.pi * len(colors) / count)):
        hub.rotation_euler.z = turn
        hub.keyframe_insert("rotation_euler", index=2, frame=frame)
    for curve in hub.animation_data.action.fcurves:
        for key in curve.keyframe_points:
            key.interpolation = "LINEAR"


def stage():
    """A floor that curves up into a wall, so that no edge shows."""
    points = [(-5.0, 0.0)]
    points += [(5 + 3 * math.sin(a), 3 - 3 * math.cos(a)) for a in [math.pi / 2 * i / 16 for i in range(17)]]
    points += [(8.0, 14.0)]
    vertices = [(x, y - 1.0, z) for y, z in points for x in (-30, 30)]
    # The floor runs on towards the camera.
    vertices[0] = (-30, -25, 0)
    vertices[1] = (30, -25, 0)
    faces = [(2 * i, 2 * i + 1, 2 * i + 3, 2 * i + 2) for i in range(len(points) - 1)]
    mesh = bpy.data.meshes.new("Stage")
    mesh.from_pydata(vertices, [], faces)
    for polygon in mesh.polygons:
        polygon.use_smooth = True
    thing = bpy.data.objects.new("Stage", mesh)
    bpy.context.collection.objects.link(thing)
    mesh.materials.append(material("Floor", (0.024, 0.036, 0.09), roughness=0.07))
    mesh.materials.append(matte("Wall", (0.024, 0.036, 0.09)))
    for polygon in mesh.polygons[1:]:
        polygon.material_index = 1


def settings(scene):
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = SAMPLES
    scene.cycles.use_adaptive_sampling = True
    scene.cycles.adaptive_threshold = 0.06
    scene.cycles.adaptive_min_samples = 6
    scene.cycles.use_denoising = False
    scene.cycles.seed = 4
    scene.cycles.max_bounces = 1
    scene.cycles.diffuse_bounces = 1
    scene.cycles.glossy_bounces = 1
    scene.cycles.transmission_bounces = 0
    scene.cycles.caustics_reflective = False
    scene.cycles.caustics_refractive = False
    scene.cycles.sample_clamp_indirect = 1.5
    scene.cycles.blur_glossy = 1
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    scene.render.resolution_percentage = 100
    scene.render.use_persistent_data = True
    scene.render.fps = 12
    scene.frame_start, scene.frame_end = 1, FRAMES
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGB"
    scene.render.filepath = "//output/"
    scene.view_settings.view_transform = "Filmic"
    scene.view_settings.look = "High Contrast"
    scene.world.use_nodes = True
    background = scene.world.node_tree.nodes["Background"]
    background.inputs["Color"].default_value = (0.02, 0.03, 0.07, 1)
    background.inputs["Strength"].default_value = 1.5
    scene.world.cycles.sampling_method = "NONE"


def camera(scene, target):
    data = bpy.data.cameras.new("Camera")
    data.lens = 47
    eye = bpy.data.objects.new("Camera", data)
    bpy.context.collection.objects.link(eye)
    for frame in range(FRAMES + 1):
        angle = 2 * math.pi * frame / FRAMES
        eye.location = (0.9 * math.sin(angle), -9.6, 2.5 + 0.15 * math.cos(angle))
        eye.keyframe_insert("location", frame=frame + 1)
    look_at(eye, target)
    scene.camera = eye


def main(path):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.world = bpy.data.worlds.new("World")
    settings(scene)
    stage()
    white = matte("White", (0.82, 0.85, 0.9))
    orange = matte("Orange", (1.0, 0.2, 0.02))
    letters("DistRen", white, orange)
    spheres([material("Warm bead", (1.0, 0.36, 0.06), emission=3), material("Cool bead", (0.1, 0.42, 1.0), emission=3)])

    bpy.ops.object.empty_add(location=(0, 0, 0.72))
    target = bpy.context.object
    target.name = "Target"
    camera(scene, target)
    area_light("Key", (-4.5, -6.5, 5.5), target, 1.4, 1000, (1.0, 0.93, 0.82))
    area_light("Rim", (5.5, 3.0, 5.0), target, 1.4, 700, (0.35, 0.55, 1.0))
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=True, relative_remap=False)


main(sys.argv[sys.argv.index("--") + 1])
