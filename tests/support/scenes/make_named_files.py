# Makes scenes in which every kind of data names a file, each kind in a folder of its own below FOLDER, with the files:
#   blender --background --factory-startup --python make_named_files.py -- FOLDER
# and expected.json: by scene, what bpy.data.file_path_map() (before 4.x: bpy.utils.blend_paths) says of the saved file, and the names that it omits.
# What this Blender cannot make is listed under "skipped" with the reason.
import json
import os
import struct
import sys
import wave
import zlib

import bpy

FOLDER = os.path.abspath(sys.argv[sys.argv.index("--") + 1])
IES = "IESNA91\n[TEST] x\nTILT=NONE\n1 1000 1 3 1 1 1 0 0 0\n1 1 100\n0 45 90\n0\n100 50 0\n"
FONTS = ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf")
kinds, later = [], []  # later: files that are no caches, which Blender would read


def kind(function):
    kinds.append(function)
    return function


def put(path, data=b"x"):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return path


def png(path, colour=(200, 40, 40)):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    rows = b"".join(b"\0" + bytes(colour) * 8 for _ in range(8))
    return put(path, b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)) +
               chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def wav(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0\0" * 8000)
    return path


def cube():
    bpy.ops.mesh.primitive_cube_add()
    return bpy.context.object


def shown(image):
    """A material that shows the image, so that it is kept."""
    material = bpy.data.materials.new("Wall")
    material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    cube().data.materials.append(material)
    return node


def save(at):
    bpy.context.preferences.filepaths.save_version = 0
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(at, "scene.blend"), relative_remap=False)


# Each makes the data and returns what file_path_map() omits of it.

@kind
def images(at):
    png(at + "/tex/wood.png")
    png(at + "/up.png")
    shown(bpy.data.images.load(at + "/tex/wood.png")).image.filepath = "//tex\\wood.png"
    image = bpy.data.images.load(at + "/up.png")
    image.filepath = "//../images/up.png"
    shown(image)


@kind
def sequence(at):
    for number in (1, 2, 3):
        png(at + "/plates/plate.%04d.left.png" % number)
    image = bpy.data.images.load(at + "/plates/plate.0001.left.png")
    image.source = "SEQUENCE"
    image.filepath = "//plates/plate.0001.left.png"
    node = shown(image)
    node.image_user.frame_duration, node.image_user.frame_offset = 2, 1


@kind
def tiles(at):
    for number in (1001, 1002):
        png(at + "/skin.%d.png" % number)
    image = bpy.data.images.load(at + "/skin.1001.png")
    image.source = "TILED"
    image.filepath = "//skin.<UDIM>.png"
    image.tiles.new(1002)
    shown(image)


@kind
def packed(at):
    png(at + "/in.png")
    image = bpy.data.images.load(at + "/in.png")
    image.pack()
    shown(image)
    os.remove(at + "/in.png")


@kind
def libraries(at):
    """Two deep, in a folder of their own."""
    cube().name = "Deep"
    bpy.data.libraries.write(at + "/lib/deep.blend", {bpy.data.objects["Deep"]})
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(at + "/lib/deep.blend", link=True) as (_, into):
        into.objects = ["Deep"]
    collection = bpy.data.collections.new("Middle")
    collection.objects.link(bpy.data.objects["Deep"])
    bpy.context.scene.collection.children.link(collection)
    bpy.ops.wm.save_as_mainfile(filepath=at + "/lib/middle.blend", relative_remap=True)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(at + "/lib/middle.blend", link=True) as (_, into):
        into.collections = ["Middle"]
    bpy.context.scene.collection.children.link(bpy.data.collections["Middle"])
    bpy.data.libraries["middle.blend"].filepath = "//lib\\middle.blend"


@kind
def font(at):
    source = next(path for path in FONTS if os.path.exists(path))
    with open(source, "rb") as file:
        put(at + "/title.ttf", file.read())
    bpy.ops.object.text_add()
    bpy.context.object.data.font = bpy.data.fonts.load(at + "/title.ttf")
    bpy.context.object.data.font.filepath = "//title.ttf"


@kind
def sound(at):
    bpy.data.sounds.load(wav(at + "/song.wav")).filepath = "//song.wav"
    bpy.data.sounds[0].use_fake_user = True


@kind
def movie_clip(at):
    for number in (7, 8):
        png(at + "/clip/shot_%02d_v2.png" % number)
    clip = bpy.data.movieclips.load(at + "/clip/shot_07_v2.png")
    clip.filepath = "//clip/shot_07_v2.png"
    clip.use_fake_user = True


@kind
def volume(at):
    for number in (1, 2):
        put(at + "/vdb/smoke_%04d.vdb" % number)
    data = bpy.data.volumes.new("Smoke")
    data.filepath = "//vdb/smoke_0001.vdb"
    data.is_sequence, data.frame_duration = True, 2
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Smoke", data))


@kind
def cache_file(at):
    put(at + "/cache/wave.abc")
    bpy.ops.cachefile.open(filepath=at + "/cache/wave.abc", relative_path=False)
    bpy.data.cache_files[0].filepath = "//cache/wave.abc"
    bpy.data.cache_files[0].use_fake_user = True


@kind
def ies(at):
    put(at + "/lamp.ies", IES)
    put(at + "/text.ies", IES)
    put(at + "/group.ies", IES)
    text = bpy.data.texts.load(at + "/text.ies", internal=False)
    text.filepath = "//text.ies"
    for mode in ("EXTERNAL", "INTERNAL", "GROUP"):
        light = bpy.data.lights.new("Spot " + mode, "POINT")
        light.use_nodes = True
        tree = light.node_tree
        if mode == "GROUP":
            group = bpy.data.node_groups.new("Beam", "ShaderNodeTree")
            tree.nodes.new("ShaderNodeGroup").node_tree = group
            tree = group
        node = tree.nodes.new("ShaderNodeTexIES")
        node.mode = "INTERNAL" if mode == "INTERNAL" else "EXTERNAL"
        if mode == "INTERNAL":
            node.ies = text
        else:
            node.filepath = "//lamp.ies" if mode == "EXTERNAL" else "//group.ies"
        bpy.context.scene.collection.objects.link(bpy.data.objects.new(light.name, light))
    return ["//lamp.ies", "//group.ies"]


@kind
def script(at):
    put(at + "/noise.osl", "shader noise() {}")
    material = bpy.data.materials.new("Noise")
    material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeScript")
    node.mode = "EXTERNAL"
    node.filepath = "//noise.osl"
    cube().data.materials.append(material)
    return ["//noise.osl"]


@kind
def mesh_cache(at):
    put(at + "/wave.pc2")
    modifier = cube().modifiers.new("Cache", "MESH_CACHE")
    modifier.cache_format, modifier.filepath = "PC2", "//wave.pc2"


@kind
def multires(at):
    thing = cube()
    thing.modifiers.new("Multires", "MULTIRES")
    bpy.ops.object.multires_subdivide(modifier="Multires")
    save(at)
    bpy.ops.object.multires_external_save(filepath=at + "/detail.btx", modifier="Multires", relative_path=True)


@kind
def fluid(at):
    later.append(at + "/cache_fluid_7c0ffe13/data/fluid_data_0001.vdb")
    modifier = cube().modifiers.new("Fluid", "FLUID")
    modifier.fluid_type = "DOMAIN"
    modifier.domain_settings.cache_directory = "//cache_fluid_7c0ffe13"


@kind
def point_cache(at):
    put(at + "/cloth/flag_000001_00.bphys")
    cache = cube().modifiers.new("Cloth", "CLOTH").point_cache
    cache.use_external = True
    cache.filepath, cache.name = "//cloth/", "flag"


@kind
def particles(at):
    put(at + "/dust/dust_000001_00.bphys")
    cube().modifiers.new("Dust", "PARTICLE_SYSTEM")
    cache = bpy.context.object.particle_systems[0].point_cache
    cache.use_external = True
    cache.filepath, cache.name = "//dust/", "dust"


@kind
def disk_cache(at):
    modifier = cube().modifiers.new("Cloth", "CLOTH")
    save(at)
    cache = modifier.point_cache
    cache.use_disk_cache, cache.frame_end = True, 2
    bpy.ops.ptcache.bake_all(bake=True)


@kind
def simulation(at):
    group = bpy.data.node_groups.new("Grow", "GeometryNodeTree")
    if not hasattr(group, "interface"):
        raise NotImplementedError("this Blender has no simulation nodes")
    for direction in ("INPUT", "OUTPUT"):
        group.interface.new_socket("Geometry", in_out=direction, socket_type="NodeSocketGeometry")
    nodes, links = group.nodes, group.links
    first, last = nodes.new("NodeGroupInput"), nodes.new("NodeGroupOutput")
    begin, end = nodes.new("GeometryNodeSimulationInput"), nodes.new("GeometryNodeSimulationOutput")
    begin.pair_with_output(end)
    links.new(first.outputs[0], begin.inputs[0])
    links.new(begin.outputs[1], end.inputs[1])
    links.new(end.outputs[0], last.inputs[0])
    thing = cube()
    modifier = thing.modifiers.new("Grow", "NODES")
    modifier.node_group = group
    if hasattr(modifier, "bake_target"):
        modifier.bake_target = "DISK"
    bpy.context.scene.frame_end = 2
    save(at)
    for bake in modifier.bakes:
        bpy.ops.object.geometry_node_bake_single(session_uid=thing.session_uid, modifier_name="Grow", bake_id=bake.bake_id)
    made = modifier.bake_directory
    folder = bpy.path.abspath(made)
    assert made and os.path.isdir(folder), "this Blender did not bake in background: '%s'" % made
    return [made]


@kind
def strips(at):
    scene = bpy.context.scene
    editor = scene.sequence_editor or scene.sequence_editor_create()
    made = editor.strips if hasattr(editor, "strips") else editor.sequences
    for name in ("a_3.png", "b.png"):
        png(at + "/cut/" + name)
    strip = made.new_image("Cut", at + "/cut/a_3.png", 1, 1)
    strip.elements.append("b.png")
    strip.directory = "//cut/"
    song = made.new_sound("Song", wav(at + "/take.wav"), 2, 1)
    song.sound.filepath = "//take.wav"


def make(function):
    name = function.__name__
    at = os.path.join(FOLDER, name)
    os.makedirs(at + "/lib" if name == "libraries" else at, exist_ok=True)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    save(at)
    omitted = function(at) or []
    save(at)
    bpy.ops.wm.open_mainfile(filepath=at + "/scene.blend")
    # Data of libraries is named in the library itself.
    if hasattr(bpy.data, "file_path_map"):
        named = {path for data, paths in bpy.data.file_path_map().items() for path in paths if not data.library}
    else:
        named = set(bpy.utils.blend_paths(absolute=False, packed=False, local=True))
    return sorted({path for path in named if path and path != "<builtin>"} | set(omitted))


def main():
    """A kind that ends Blender is passed over by the next run in the same folder."""
    note = os.path.join(FOLDER, "expected.json")
    made = {"version": bpy.app.version_string, "expected": {}, "skipped": {}}
    if os.path.exists(note):
        with open(note) as file:
            made = json.load(file)
    for function in kinds:
        name = function.__name__
        if name in made["expected"] or name in made["skipped"]:
            continue
        made["skipped"][name] = "it ended Blender"
        with open(note, "w") as file:
            json.dump(made, file)
        try:
            made["expected"][name] = make(function)
            del made["skipped"][name]
        except Exception as error:  # an option or operator that this Blender lacks
            made["skipped"][name] = "%s: %s" % (type(error).__name__, " ".join(str(error).split())[:300])
        with open(note, "w") as file:
            json.dump(made, file)
        for path in later:
            put(path)
    print("ALL MADE")


main()
