# Makes the small scenes that the tests render, and some broken files, into a folder:
#   blender --background --factory-startup --python make_scenes.py -- FOLDER
# Every frame is 64 x 36 pixels with one Cycles sample, but for slow.blend, which takes seconds a frame.
import gzip
import os
import sys

import bpy

FOLDER = os.path.abspath(sys.argv[sys.argv.index("--") + 1])


def at(*parts):
    path = os.path.join(FOLDER, *parts)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def small(scene, samples=1, first=1, last=12):
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = samples
    scene.cycles.use_denoising = False
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.seed = 1
    scene.render.resolution_x, scene.render.resolution_y = 64, 36
    scene.render.resolution_percentage = 100
    scene.frame_start, scene.frame_end = first, last
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = "//output/"
    return scene


def add_camera(scene, name, place, turn):
    data = bpy.data.cameras.new(name)
    camera = bpy.data.objects.new(name, data)
    camera.location, camera.rotation_euler = place, turn
    scene.collection.objects.link(camera)
    return camera


def new_file():
    """One moving cube, a lamp, cameras "Camera" (active) and "Side", frames 1 to 12."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.filepaths.save_version = 0  # no scene.blend1 beside it
    scene = small(bpy.context.scene)
    scene.world = bpy.data.worlds.new("World")
    scene.world.color = (0.2, 0.25, 0.3)
    bpy.ops.mesh.primitive_cube_add(size=2)
    cube = bpy.context.object
    cube.name = "Cube"
    for frame, turn in ((1, 0.0), (12, 1.5)):
        cube.rotation_euler.z = turn
        cube.keyframe_insert("rotation_euler", frame=frame)
    bpy.ops.object.light_add(type="SUN", rotation=(0.6, 0.2, 0.4))
    bpy.context.object.data.energy = 3
    scene.camera = add_camera(scene, "Camera", (0, -8, 2), (1.35, 0, 0))
    add_camera(scene, "Side", (8, 0, 2), (1.35, 0, 1.5708))
    return scene, cube


def save(*parts, compress=False):
    bpy.ops.wm.save_as_mainfile(filepath=at(*parts), compress=compress, relative_remap=False)


def checker(path):
    image = bpy.data.images.new("made", 32, 32)
    image.pixels = [value for y in range(32) for x in range(32)
                    for value in ((0.9, 0.8, 0.1, 1) if (x // 4 + y // 4) % 2 else (0.1, 0.2, 0.6, 1))]
    image.filepath_raw, image.file_format = path, "PNG"
    image.save()
    bpy.data.images.remove(image)


def textured(cube, image):
    material = bpy.data.materials.new("Textured")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    texture = nodes.new("ShaderNodeTexImage")
    texture.image = image
    links.new(texture.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])
    cube.data.materials.append(material)


def make_plain():
    new_file()
    bpy.ops.scene.new(type="FULL_COPY")
    second = bpy.context.scene
    second.name = "Second"
    second.frame_end = 3
    for thing in second.objects:
        if thing.type == "CAMERA" and thing.name.startswith("Camera"):
            thing.name = "SecondCamera"
        elif thing.type == "CAMERA":
            thing.name = "SecondSide"
    bpy.context.window.scene = bpy.data.scenes["Scene"]
    save("plain.blend")
    save("zstd.blend", compress=True)
    with open(at("plain.blend"), "rb") as source:
        data = source.read()
    with gzip.GzipFile(at("gzip.blend"), "wb", mtime=0) as packed:
        packed.write(data)
    return data


def make_textured():
    _, cube = new_file()
    checker(at("tex", "checker.png"))
    image = bpy.data.images.load(at("tex", "checker.png"))
    image.filepath = "//tex/checker.png"
    textured(cube, image)
    save("textured.blend")
    image.pack()
    save("packed.blend", compress=True)
    _, cube = new_file()
    image = bpy.data.images.new("gone.png", 8, 8)
    image.source, image.filepath = "FILE", "//tex/gone.png"
    textured(cube, image)
    save("missing_texture.blend")


def make_linked():
    """shots/linked.blend uses lib/lib.blend, which lies in a folder above its own."""
    _, cube = new_file()
    cube.name = "LinkedCube"
    save("lib", "lib.blend")
    scene, cube = new_file()
    bpy.data.objects.remove(cube)
    save("shots", "linked.blend")
    with bpy.data.libraries.load(at("lib", "lib.blend"), link=True, relative=True) as (_, wanted):
        wanted.objects = ["LinkedCube"]
    scene.collection.objects.link(wanted.objects[0])
    save("shots", "linked.blend")


def bake(thing, cache):
    cache.frame_end = 2
    with bpy.context.temp_override(active_object=thing, object=thing, scene=bpy.context.scene, point_cache=cache):
        bpy.ops.ptcache.bake(bake=True)


def make_physics():
    """One simulation a file, first as it was made, then baked; hair that stands still needs no bake."""
    _, cube = new_file()
    cloth = cube.modifiers.new("Cloth", "CLOTH")
    save("physics", "cloth.blend")
    bake(cube, cloth.point_cache)
    save("physics", "cloth_baked.blend")
    _, cube = new_file()
    cube.modifiers.new("Cloth", "CLOTH").show_render = False
    save("physics", "cloth_off.blend")
    _, cube = new_file()
    cube.modifiers.new("Soft", "SOFT_BODY")
    save("physics", "soft.blend")
    _, cube = new_file()
    cube.modifiers.new("Particles", "PARTICLE_SYSTEM")
    system = cube.particle_systems[0]
    system.settings.count = 10
    save("physics", "particles.blend")
    system.settings.physics_type = "NO"
    save("physics", "particles_still.blend")
    system.settings.type = "HAIR"
    save("physics", "hair.blend")
    system.use_hair_dynamics = True
    save("physics", "hair_moving.blend")
    _, cube = new_file()
    fluid = cube.modifiers.new("Fluid", "FLUID")
    fluid.fluid_type = "DOMAIN"
    domain = fluid.domain_settings
    domain.cache_type, domain.resolution_max, domain.cache_frame_end = "ALL", 8, 2
    domain.cache_directory = "//fluid"
    save("physics", "fluid.blend")
    domain.cache_directory = at("physics", "fluid")
    with bpy.context.temp_override(active_object=cube, object=cube):
        bpy.ops.fluid.bake_all()
    domain.cache_directory = "//fluid"
    save("physics", "fluid_baked.blend")


def make_traps():
    scene, _ = new_file()
    for camera in [thing for thing in scene.objects if thing.type == "CAMERA"]:
        bpy.data.objects.remove(camera)
    save("nocamera.blend")

    scene, _ = new_file()
    scene.render.image_settings.file_format = "FFMPEG"
    save("movie.blend")

    scene, _ = new_file()
    scene.use_nodes = True
    output = scene.node_tree.nodes.new("CompositorNodeOutputFile")
    output.base_path = "//stray/"
    layers = next(node for node in scene.node_tree.nodes if node.type == "R_LAYERS")
    scene.node_tree.links.new(layers.outputs["Image"], output.inputs[0])
    save("fileoutput.blend")

    _, cube = new_file()
    driver = cube.driver_add("location", 2).driver
    driver.type, driver.expression = "SCRIPTED", "__import__('os').getpid() * 0 + frame / 12"
    save("driver.blend")

    scene, cube = new_file()
    bpy.context.view_layer.objects.active = cube
    bpy.ops.rigidbody.world_add()
    bpy.ops.rigidbody.object_add(type="ACTIVE")
    save("rigidbody.blend")

    make_physics()

    scene, _ = new_file()
    for frame, name in ((1, "Camera"), (6, "Side")):
        scene.timeline_markers.new(name, frame=frame).camera = bpy.data.objects[name]
    scene.camera = None
    scene.view_layers[0].name = "Front"
    scene.view_layers.new("Back")
    scene.view_layers.new("Unused").use = False
    save("markers.blend")

    scene, cube = new_file()
    scene.cycles.shading_system = True
    image = bpy.data.images.new("elsewhere.png", 8, 8)
    image.source, image.filepath = "FILE", "/somebody/else/checker.png"
    textured(cube, image)
    cube.active_material.node_tree.nodes.new("ShaderNodeScript")
    save("osl.blend")

    scene, cube = new_file()
    small(scene, samples=230, first=1, last=8)
    scene.render.resolution_x, scene.render.resolution_y = 128, 72
    material = bpy.data.materials.new("Glass")
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Transmission"].default_value = 1
    shader.inputs["Roughness"].default_value = 0.3
    cube.data.materials.append(material)
    bpy.ops.mesh.primitive_plane_add(size=30, location=(0, 0, -1))
    save("slow.blend")


def make_broken(plain):
    def write(name, data):
        with open(at(name), "wb") as file:
            file.write(data)

    write("text.blend", b"This is a letter to a friend, not a scene.\n" * 8)
    write("empty.blend", b"")
    write("truncated.blend", plain[: len(plain) * 2 // 3])
    with open(at("gzip.blend"), "rb") as packed:
        data = packed.read()
    write("truncated_gzip.blend", data[: len(data) * 2 // 3])
    write("mangled.blend", plain[:12] + plain[12:].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    with open(at("tex", "checker.png"), "rb") as image:
        write("image.blend", image.read())
    write("lfs.blend", b"version https://git-lfs.github.com/spec/v1\n"
          b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345678\n")


plain = make_plain()
make_textured()
make_linked()
make_traps()
make_broken(plain)
