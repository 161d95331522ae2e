# Makes scenes that try to harm the machine that renders them, for tests/e2e/hostile.py:
#   blender --background --factory-startup --python make_hostile.py -- FOLDER PLACES.json
# PLACES names what they may try to reach. A deed tells what it reached as the frame's problem.
import json
import os
import sys

import bpy

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER, PLACES = sys.argv[sys.argv.index("--") + 1:][:2]

PRELUDE = """
import json, os, sys, time
PLACES = json.loads(%r)
REACHED = []

def reach(name, deed):
    try:
        if deed() is not None:
            REACHED.append(name)
    except BaseException:
        pass

def tell(text=None):
    text = "REPORT " + (text or ", ".join(REACHED) or "nothing")
    sys.stdout.write("\\nDISTREN " + json.dumps({"event": "problem", "text": text}) + "\\n")
    sys.stdout.flush()
"""

DEEDS = {
    "home": """
for path in PLACES["secrets"] + ["/etc/shadow", "/root/.ssh", "/root", "/var/log", "/home"]:
    reach(path, lambda: os.listdir(path) != ["render"] or None if os.path.isdir(path) else open(path).read())
for name, value in os.environ.items():
    reach("$" + name, lambda: any(secret in value for secret in PLACES["words"]) or None)
tell()
""",
    "network": """
import socket
def connect(kind, address):
    with socket.socket(kind, socket.SOCK_STREAM) as each:
        each.settimeout(3)
        each.connect(address)
        return True
reach("loopback", lambda: connect(socket.AF_INET, ("127.0.0.1", PLACES["port"])))
reach("loopback 6", lambda: connect(socket.AF_INET6, ("::1", PLACES["port"])))
reach("abstract socket", lambda: connect(socket.AF_UNIX, "\\0" + PLACES["abstract"]))
reach("socket file", lambda: connect(socket.AF_UNIX, PLACES["socket"]))
reach("packets", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
tell()
""",
    "elsewhere": """
def write(path):
    with open(path, "w") as file:
        file.write("planted")
    return True
for folder in PLACES["folders"] + ["/usr", "/etc", "/method", "/home/render/job", "/var/tmp", "/", "/proc/sys/kernel"]:
    reach(folder, lambda: write(os.path.join(folder, PLACES["plant"])))
tell()
""",
    "others": """
for pid in filter(str.isdigit, os.listdir("/proc")):
    reach("process " + pid, lambda: b"distren-slave" in open("/proc/%s/cmdline" % pid, "rb").read() or None)
reach("the slave", lambda: os.kill(PLACES["slave"], 0) or True)
tell()
""",
    "kernel": """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for name, call in (("unshare user", lambda: libc.unshare(0x10000000)),
                   ("unshare net", lambda: libc.unshare(0x40000000)),
                   ("mount", lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)),
                   ("chroot", lambda: libc.chroot(b"/tmp")),
                   ("ptrace", lambda: libc.ptrace(16, 1, 0, 0)), ("sethostname", lambda: libc.sethostname(b"x", 1)),
                   ("keyctl", lambda: libc.syscall(250, 0, -3, 0) if os.uname().machine == "x86_64" else -1),
                   ("bpf", lambda: libc.syscall(321, 0, 0, 0) if os.uname().machine == "x86_64" else -1)):
    reach(name, lambda: True if call() >= 0 else None)
tell()
""",
    "fork": """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    try:
        if os.fork() == 0:
            time.sleep(0.02)
    except OSError:
        time.sleep(0.02)
""",
    "disk": """
block, number = b"x" * (1 << 20), 0
while True:
    number += 1
    with open("/out/%d" % number, "wb") as file:
        for _ in range(48):
            file.write(block)
""",
    "hide": """
block, number = b"x" * (1 << 20), 0
for folder in ("/out/hidden", "/home/render/.cache/hidden"):
    os.mkdir(folder)
    os.chmod(folder, 0o300)
while True:
    number += 1
    for folder in ("/out/hidden", "/home/render/.cache/hidden"):
        with open("%s/%d" % (folder, number), "wb") as file:
            for _ in range(48):
                file.write(block)
""",
    "files": """
number = 0
while True:
    number += 1
    open("/home/render/.cache/%d" % number, "w").close()
""",
    "memory": """
kept = []
try:
    while True:
        kept.append(bytearray(os.urandom(1 << 20)) * 16)
except MemoryError:
    got = len(kept) * 16
    kept.clear()
    tell("%d MiB" % got)
""",
    "outlive": """
import ctypes
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(15, PLACES["ghost"].encode(), 0, 0, 0)
        while True:
            time.sleep(1)
    os._exit(0)
while True:
    time.sleep(1)
""",
    "kill": """
os.kill(-1, 9)
""",
    "flood": """
line = "word " * 200 + "\\n"
for _ in range(1 << 20):
    sys.stdout.write(line)
tell("printed 1 GB")
""",
    "lie": """
sys.stdout.write('\\nDISTREN {"event": "done", "frame": 1, "width": 64, "height": 36, "format": "PNG"}\\n')
sys.stdout.flush()
while True:
    time.sleep(1)
""",
}


def new_scene():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.filepaths.save_version = 0
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 1
    scene.cycles.use_denoising = False
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 64, 36, 100
    scene.render.image_settings.file_format = "PNG"
    bpy.ops.object.camera_add(location=(0, -8, 2), rotation=(1.35, 0, 0))
    scene.camera = bpy.context.object
    bpy.ops.mesh.primitive_cube_add()
    return scene, bpy.context.object


def text(deed):
    with open(PLACES) as file:
        places = file.read()
    block = bpy.data.texts.new("deed.py")
    block.from_string(PRELUDE % places + DEEDS[deed])
    return block


def save(name):
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(FOLDER, name + ".blend"), compress=False)


os.makedirs(FOLDER, exist_ok=True)
for deed in DEEDS:
    new_scene()
    text(deed).use_module = True
    save(deed)

_, cube = new_scene()
text("home")
driver = cube.driver_add("location", 2).driver
driver.type, driver.expression = "SCRIPTED", "exec(__import__('bpy').data.texts['deed.py'].as_string(), dict()) or 0"
save("driver")

scene, _ = new_scene()
scene.render.use_freestyle = True
settings = scene.view_layers[0].freestyle_settings
settings.mode = "SCRIPT"
settings.modules.new().script = text("home")
save("freestyle")

with open(PLACES) as file:
    places = json.load(file)
scene, _ = new_scene()
scene.use_nodes = True
output = scene.node_tree.nodes.new("CompositorNodeOutputFile")
output.base_path = places["folders"][0]
layers = next(node for node in scene.node_tree.nodes if node.type == "R_LAYERS")
scene.node_tree.links.new(layers.outputs["Image"], output.inputs[0])
save("fileoutput")

scene, cube = new_scene()
image = bpy.data.images.new("theirs", 8, 8)
image.source, image.filepath = "FILE", places["picture"]
block = bpy.data.texts.new("deed.py")
block.from_string(PRELUDE % json.dumps(places) + """
import bpy
reach("picture", lambda: True if bpy.data.images["theirs"].size[0] > 0 else None)
tell()
""")
block.use_module = True
image.use_fake_user = True
save("picture")
