"""A whole tree with its own /usr that stands in for a renderer's: a shell, cat, their libraries, and a "blender" that
answers every order with the same picture of 8 x 6 pixels. A few MiB; for tests only."""
import os
import re
import shutil
import struct
import subprocess
import zlib

SCRIPT = """#!/bin/sh
case "$*" in *--version*) echo "Blender %(version)s"; exit 0;; esac
echo 'DISTREN {"event":"loaded","scenes":[]}'
while read -r line; do
  output=${line#*\\"output\\":\\"}
  output=${output%%%%\\"*}
  frame=${line#*\\"frame\\":}
  frame=${frame%%%%[,\\}]*}
  echo 'DISTREN {"event":"warning","text":"the tree of %(version)s"}'
  cat /usr/share/picture.png >"$output"
  echo "DISTREN {\\"event\\":\\"done\\",\\"frame\\":$frame,\\"width\\":8,\\"height\\":6,\\"format\\":\\"PNG\\"}"
done
"""


def libraries_of(program):
    """Absolute paths; the loader among them."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"(/\S+) \(0x", listed)


def picture(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress((b"\0" + b"\x80\x40\x20" * width) * height)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def make_tree(folder, version):
    for name in ("usr/bin", "usr/lib", "usr/lib64", "usr/share", "etc"):
        os.makedirs(os.path.join(folder, name))
    for name in ("bin", "lib", "lib64"):
        os.symlink("usr/" + name, os.path.join(folder, name))
    for program, name in (("/bin/sh", "sh"), ("/bin/cat", "cat")):
        shutil.copy(os.path.realpath(program), os.path.join(folder, "usr/bin", name))
        for library in libraries_of(os.path.realpath(program)):
            place = os.path.join(folder, "usr", library.removeprefix("/usr/").lstrip("/"))
            os.makedirs(os.path.dirname(place), exist_ok=True)
            if not os.path.exists(place):
                shutil.copy(os.path.realpath(library), place)
    with open(os.path.join(folder, "usr/share/picture.png"), "wb") as file:
        file.write(picture(8, 6))
    path = os.path.join(folder, "usr/bin/blender")
    with open(path, "w") as file:
        file.write(SCRIPT % {"version": version})
    os.chmod(path, 0o755)
    return folder
