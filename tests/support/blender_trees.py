"""The Blenders that tests can run: the installed one, and those of whole trees that contrib/blender-tree makes in
$DISTREN_BLENDERS or ~/.cache/distren/blenders."""
import os
import shutil
import subprocess

TREES = os.environ.get("DISTREN_BLENDERS") or os.path.expanduser("~/.cache/distren/blenders")
SUITES = ("trixie", "sid")


class Blender:
    """name: for messages; tree: the root folder that it lives in, or None for this machine's."""

    def __init__(self, name, tree=None):
        self.name, self.tree = name, tree

    def missing(self):
        """Why it cannot be run here, or None."""
        if self.tree is None:
            return None if shutil.which("blender") else "there is no blender"
        if not os.path.exists(os.path.join(self.tree, "usr/bin/blender")):
            return f"there is no tree {self.tree}; contrib/blender-tree makes it"
        return None if shutil.which("bwrap") else "there is no bwrap"

    def run(self, arguments, folder, given=None, seconds=300):
        """With arguments of Blender's; it sees and writes this folder, and reads the sources of DistRen."""
        command = ["blender", "--background", "--factory-startup", *arguments]
        if self.tree is not None:
            source = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
            inside = ["bwrap", "--die-with-parent", "--unshare-net",
                      "--ro-bind", os.path.join(self.tree, "usr"), "/usr",
                      "--ro-bind", os.path.join(self.tree, "etc"), "/etc",
                      "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--setenv", "HOME", "/tmp"]
            for name in ("bin", "lib", "lib64", "sbin"):
                inside += ["--symlink", f"usr/{name}", f"/{name}"]
            command = inside + ["--ro-bind", source, source, "--bind", folder, folder] + command
        return subprocess.run(command, input=given, capture_output=True, text=True, timeout=seconds,
                              env={**os.environ, "HOME": folder} if self.tree is None else None)


def all_blenders():
    return [Blender("this machine's Blender")] + [Blender(suite, os.path.join(TREES, suite)) for suite in SUITES]
