#!/usr/bin/python3
"""A fake renderer: speaks the protocol of Blender's driver and misbehaves as the scene file names; for tests only.

Beside it may lie "version", what it claims to be, and "engines.json", how it behaves with an engine when a slave tries it.
"""
import json
import os
import random
import struct
import sys
import time
import zlib

ME = "started as %d" % random.getrandbits(60)


HERE = os.path.dirname(os.path.abspath(__file__))


def beside(name, otherwise):
    try:
        with open(os.path.join(HERE, name)) as file:
            return file.read().strip()
    except OSError:
        return otherwise


VERSION = beside("version", "3.4.1")
ENGINES = json.loads(beside("engines.json", "{}"))


def send(**values):
    print("DISTREN " + json.dumps(values), flush=True)


def png(path, width, height, shade):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b""
    for y in range(height):
        rows += b"\0" + b"".join(bytes([shade, x * 20 % 256, y * 20 % 256]) for x in range(width))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def several(folder, frame, behaviour):
    """Files besides the image, as a File Output node makes them; the listed ones."""
    names = ["Depth/%04d.png" % frame, "Mist/deep/%04d.png" % frame]
    for number, name in enumerate(names):
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        png(os.path.join(folder, name), 4 + number, 4, 100)
    if behaviour == "several through a link":  # out of the folder, to what only the volunteer may read
        os.symlink("/etc", os.path.join(folder, "Link"))
        names.append("Link/passwd.png")
    if behaviour == "several and a name":
        names.append("../%04d.png" % frame)
    if behaviour == "several and text":
        with open(os.path.join(folder, "Mist/text.png"), "w") as file:
            file.write("not an image")
        names.append("Mist/text.png")
    if behaviour == "several and absent":
        names.append("Mist/absent.png")
    if behaviour == "several and many":
        names += ["Many/%d.png" % number for number in range(64)]
    return [{"name": name, "width": 4, "height": 4, "format": "PNG"} for name in names]


def render(order, behaviour):
    output, frame = order["output"], order["frame"]
    send(event="warning", text=ME)
    if "devices" in order:
        send(event="warning", text="devices " + " ".join(d["type"] + ":" + d["id"] for d in order["devices"]))
    if behaviour == "version":
        send(event="warning", text="version " + VERSION)
    if behaviour == "no card" or (behaviour == "only processor" and "devices" in order):
        return send(event="problem", text="the graphics card is not there any more", machine=True)
    if behaviour == "plant":
        home = os.environ["HOME"]
        for name in ("planted", ".cache/kept"):
            if os.path.exists(os.path.join(home, name)):
                send(event="warning", text="found " + name)
            open(os.path.join(home, name), "w").close()
    if behaviour.startswith("warns"):
        for _ in range(3):
            send(event="warning", text="no texture", code="input_missing")
        for number in range(100):
            send(event="warning", text="kind %d" % number)
        behaviour = "problem" if behaviour == "warns and fails" else "good"
    if behaviour == "problem":
        return send(event="problem", text='the camera "Nope" is not in the file', code="camera_missing")
    if behaviour == "crash":
        print("about to crash", flush=True)
        os.kill(os.getpid(), 11)
    if behaviour == "crash when old" and render.count > 0:
        os.kill(os.getpid(), 11)
    if behaviour == "damaged":
        print("Error: Failed to read blend file 'x': Missing DNA block", flush=True)
        sys.exit(1)
    if behaviour == "chatter":
        for number in range(3000):
            print("line %d \x1b" % number, flush=True)
        print(os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + "/state/secret", flush=True)
        behaviour = "hang"
    if behaviour == "hang":
        print("Fra:1 | Sample 1/4", flush=True)
        time.sleep(1000)
    if behaviour == "nothing":
        return send(event="done", frame=frame, width=8, height=6, format="PNG")
    if behaviour == "text":
        with open(output, "w") as file:
            file.write("not an image")
    elif behaviour == "link":
        os.symlink("/etc/passwd", output)
    elif behaviour == "huge":
        with open(output, "wb") as file:
            file.truncate(2 << 20)
    else:
        print("Fra:1 | Remaining:00:01.00 | Sample 2/4", flush=True)
        png(output, *((4, 4) if behaviour == "small" else (8, 6)), frame % 256)
    render.count += 1
    if behaviour == "grow" and render.count == 4:
        render.hoard = b"x" * (320 << 20)  # twice what it used before, and 256 MiB
    more = {"next": [frame + 1, frame + 3]} if behaviour == "walk" else {}
    if behaviour.startswith("several"):
        more["outputs"] = [{"name": os.path.basename(output), "width": 8, "height": 6, "format": "PNG"},
                           *several(os.path.dirname(output), frame, behaviour)]
    send(event="done", frame=frame, width=8, height=6, format="PNG", **more)


render.count = 0
if "--version" in sys.argv:
    print("Blender " + VERSION)
    sys.exit(0)
if sys.argv[-1].endswith("devices.py"):
    send(event="devices", devices=[{"id": "CUDA_0", "name": "NVIDIA Fake 9", "type": "CUDA"},
                                  {"id": "OPTIX_0", "name": "NVIDIA Fake 9", "type": "OPTIX"},
                                  {"id": "HIP_0", "name": "AMD Fake 3", "type": "HIP"},
                                  {"id": "X", "name": "a lie", "type": "MAGIC"}, 7])
    sys.exit(0)
scene = next(a for a in sys.argv if a.endswith(".blend"))
with open(scene, "rb") as file:
    behaviour = file.read()
try:
    behaviour = behaviour.decode().split("#")[0].strip()
except UnicodeDecodeError:  # a real file: what a slave tries
    behaviour = None
send(event="loaded", scenes=[])
for line in sys.stdin:
    asked = json.loads(line)
    render(asked, ENGINES.get(asked.get("engine"), "good") if behaviour is None else behaviour)
