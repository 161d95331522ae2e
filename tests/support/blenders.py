"""Blenders of several versions: the one of this machine, and those of whole trees that contrib/blender-tree makes in
$DISTREN_BLENDERS. Each runs alone, or with the driver as a slave runs it: the command of method.xml, one order a line, in
bubblewrap with the scene read-only and one folder to write to."""
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as xml

from programs import SOURCE, compare_images
from tap import Skip

CACHE = os.environ.get("DISTREN_BLENDERS") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "distren", "blenders")
METHOD = os.path.join(SOURCE, "methods", "blender")
MARK = "DISTREN "
LIMIT = 900
TIMED = ["sh", "-c", '"$@"; code=$?; times; exit $code', "sh"]  # its last two lines are the CPU time of sh and of Blender
MAKING_LIMIT = int(os.environ.get("DISTREN_TREE_SECONDS", "900"))


def command(**values):
    """The method's own command line, without the program."""
    words = []
    for each in xml.parse(os.path.join(METHOD, "method.xml")).getroot().find("{*}command"):
        if (each.get("when") or "scripts") not in values and each.get("when"):
            continue
        if each.get("unless") in values:
            continue
        words.append(re.sub(r"\{([a-z-]+)\}", lambda found: str(values[found[1]]), each.text))
    return words


class Ended(Exception):
    """A Blender that ended before it had answered; the text is what it printed."""


class Blender:
    def __init__(self, name, tree, home):
        """tree None: this machine's own. home: for shaders, which take seconds to compile."""
        self.name, self.tree, self.home = name, tree, home
        os.makedirs(home, exist_ok=True)
        printed = self.run(["--version"], home).stdout
        found = re.search(r"Blender (\d+(?:\.\d+)+)", printed)
        if not found:
            raise Skip(f"the Blender of {name} does not start: {printed.strip()[-300:]}")
        self.version = found[1]

    def argv(self, folder, reads=()):
        """What runs a command in a sandbox that writes to this folder alone and sees these."""
        root = self.tree or ""
        words = ["bwrap", "--unshare-all", "--die-with-parent", "--clearenv", "--ro-bind", root + "/usr", "/usr"]
        for link in ("bin", "lib", "lib64", "sbin"):
            words += ["--symlink", "usr/" + link, "/" + link]
        for part in ("alternatives", "fonts", "glvnd", "ld.so.cache", "ld.so.conf", "ld.so.conf.d"):
            words += ["--ro-bind-try", f"{root}/etc/{part}", "/etc/" + part]
        words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
        for path in (METHOD, *reads):
            words += ["--ro-bind", path, path]
        for path in {folder, self.home}:
            words += ["--bind", path, path]
        for name, value in (("HOME", self.home), ("LANG", "C.UTF-8"), ("PATH", "/usr/bin:/bin")):
            words += ["--setenv", name, value]
        return [*words, "--chdir", folder, "--"]

    def run(self, arguments, folder, words=None, reads=()):
        return subprocess.run([*self.argv(folder, reads), *TIMED, "blender", *arguments], input=words,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=LIMIT)

    def good(self, arguments, folder, words=None, reads=()):
        """(lines, CPU seconds) of a Blender that ends well."""
        done = self.run(["--background", "--factory-startup", *arguments], folder, words, reads)
        if done.returncode != 0:
            raise Ended(f"Blender {self.version} ended with {done.returncode}:\n{done.stdout[-3000:]}")
        lines = done.stdout.splitlines()
        used = [int(m) * 60 + float(s) for m, s in re.findall(r"(\d+)m([0-9.]+)s", lines[-1])]
        return lines[:-2], sum(used)

    def script(self, path, folder, *arguments):
        return self.good(["--python-exit-code", "9", "--python", path, "--", *arguments], folder,
                         reads=[os.path.dirname(path)])

    def alone(self, jobs, folder):
        """Frames as whoever has the files renders them: without the driver, but for these lines of Python. jobs: (scene,
        folder of the images, frames, Python); one program renders them all, one after the other."""
        arguments = ["--disable-autoexec", "-t", "1", "--python-exit-code", "9"]
        for scene, output, frames, lines in jobs:
            arguments += [scene, "--python-expr", "import bpy; scene = bpy.context.scene; " + (lines or "0"),
                          "-o", os.path.join(output, "####"), "-f", ",".join(map(str, frames))]
        return self.good(arguments, folder)

    def driven(self, scene, output, orders):
        """(events, other lines, CPU seconds) of one program that gets these orders, each with its "output"."""
        words = "".join(json.dumps({**order, "output": os.path.join(output, order["output"])}) + "\n" for order in orders)
        places = {"job": os.path.dirname(scene), "file": os.path.basename(scene), "method": METHOD, "threads": 1}
        lines, used = self.good(command(**places)[2:], output, words, [os.path.dirname(scene)])
        events = [json.loads(line[len(MARK):]) for line in lines if line.startswith(MARK)]
        return events, [line for line in lines if not line.startswith(MARK)], used


def largest_difference(left, right):
    """Of any channel of any pixel, in steps of 8 bits; None: not known, as of different sizes."""
    if left.endswith(".exr"):  # other programs may not read them
        return 0 if compare_images(left, right).get("psnr") == 200 else None
    done = subprocess.run(["compare", "-metric", "PAE", left, right, "null:"], capture_output=True, text=True)
    found = re.search(r"\(([0-9.e+-]+)\)", done.stderr)
    return round(float(found[1]) * 255, 3) if found and done.returncode < 2 else None


def find(name, home):
    """The Blender of this suite, whose tree is made when there is none; "here" is this machine's."""
    if not shutil.which("bwrap"):
        raise Skip("there is no bubblewrap")
    if name == "here":
        if not shutil.which("blender"):
            raise Skip("there is no blender")
        return Blender(name, None, home)
    tree = os.path.join(CACHE, name)
    if not os.path.isdir(tree):
        try:
            done = subprocess.run([os.path.join(SOURCE, "contrib", "blender-tree"), name, tree], capture_output=True,
                                  text=True, timeout=MAKING_LIMIT)
        except subprocess.TimeoutExpired:
            raise Skip(f"no tree of {name}: not made within {MAKING_LIMIT} s") from None
        if done.returncode != 0:
            raise Skip((done.stderr.strip() or f"no tree of {name}").splitlines()[-1])
    return Blender(name, tree, home)
