"""The smallest .blend that a grid can read: one scene with a camera. It says that it was saved by a Blender that does not exist
yet, so that no real slave of the grid is given it."""
import struct

STRUCTS = {
    "ID": [("int", "us"), ("char", "name[66]"), ("char", "pad[2]")],
    "ImageFormatData": [("char", "imtype"), ("char", "pad[3]")],
    "RenderData": [("int", "sfra"), ("int", "efra"), ("int", "cfra"), ("int", "mode"), ("short", "xsch"),
                   ("short", "ysch"), ("short", "size"), ("short", "pad"), ("char", "engine[32]"),
                   ("ImageFormatData", "im_format")],
    "Object": [("ID", "id"), ("short", "type"), ("short", "pad")],
    "Scene": [("ID", "id"), ("Object", "*camera"), ("RenderData", "r")],
}
BASIC = {"char": 1, "short": 2, "int": 4, "float": 4}
PNG, CAMERA = 17, 11


def aligned(data):
    return data + b"\0" * (-len(data) % 4)


def dna():
    types, names, sizes = list(BASIC), [], dict(BASIC)
    for struct_name, fields in STRUCTS.items():
        size = 0
        for kind, name in fields:
            count = int(name[name.find("[") + 1:-1]) if "[" in name else 1
            size += 8 if name.startswith("*") else sizes[kind] * count
            names += [name] if name not in names else []
        types.append(struct_name)
        sizes[struct_name] = size
    out = b"SDNANAME" + struct.pack("<I", len(names)) + b"".join(each.encode() + b"\0" for each in names)
    out = aligned(out) + b"TYPE" + struct.pack("<I", len(types)) + b"".join(each.encode() + b"\0" for each in types)
    out = aligned(out) + b"TLEN" + b"".join(struct.pack("<H", sizes[each]) for each in types)
    out = aligned(out) + b"STRC" + struct.pack("<I", len(STRUCTS))
    for struct_name, fields in STRUCTS.items():
        out += struct.pack("<HH", types.index(struct_name), len(fields))
        out += b"".join(struct.pack("<HH", types.index(kind), names.index(name)) for kind, name in fields)
    return out


def block(code, address, kind, payload):
    number = list(STRUCTS).index(kind) if kind else 0
    return code.ljust(4, b"\0") + struct.pack("<IQII", len(payload), address, number, 1) + payload


def scene(width=64, height=36, seed=""):
    """A scene of this size; another seed makes another file."""
    def named(name):
        return struct.pack("<I", 1) + name.encode().ljust(68, b"\0")
    render = struct.pack("<IIIIHHHH", 1, 10, 1, 0, width, height, 100, 0) + b"CYCLES".ljust(32, b"\0") + bytes([PNG, 0, 0, 0])
    return (b"BLENDER-v990" + block(b"SC", 0x1000, "Scene", named("SCStage" + seed) + struct.pack("<Q", 0x2000) + render) +
            block(b"OB", 0x2000, "Object", named("OBEye") + struct.pack("<HH", CAMERA, 0)) +
            block(b"DNA1", 0, None, dna()) + block(b"ENDB", 0, None, b""))
