"""Programs of this build for tests: where they are, how they run in the background, what they leave behind."""
import contextlib
import hashlib
import json
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time

from tap import Skip

SOURCE = os.path.abspath(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.abspath(os.environ.get("top_builddir") or os.path.join(SOURCE, "build"))


def program(name):
    path = os.path.join(BUILD, name)
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"{path} is not built; run make, or set top_builddir")
    return path


def sandbox_works():
    return subprocess.run([program("distren-slave"), "--check-sandbox"], capture_output=True).returncode == 0


def need(name):
    if not shutil.which(name):
        raise Skip(f"there is no {name}")


def scenes():
    """The folder of small test scenes, made once per build (and again when their script changes)."""
    need("blender")
    script = os.path.join(SOURCE, "tests", "support", "scenes", "make_scenes.py")
    with open(script, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()[:12]
    folder = os.path.join(BUILD, "tests", f"scenes.{digest}")
    if not os.path.isdir(folder):
        making = tempfile.mkdtemp(prefix="scenes.making.", dir=os.path.join(BUILD, "tests"))
        done = subprocess.run(["blender", "--background", "--factory-startup", "--python-exit-code", "9", "--python",
                               script, "--", making], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise RuntimeError("the test scenes could not be made: " + done.stdout[-3000:])
        try:
            os.rename(making, folder)
        except OSError:  # another test was faster
            shutil.rmtree(making)
    return folder


def free_ports(count):
    """Free ports below the range from which the kernel takes the ports of outgoing connections, so that a server that
    comes back finds its port free."""
    ports = []
    while len(ports) < count:
        port = random.randint(15000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports


def toml(settings):
    """Dotted names to TOML; names without a dot first, as they belong to no table."""
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in
                   sorted(settings.items(), key=lambda item: "." in item[0]))


def processes_of(folder):
    """Processes whose command line names this folder."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                if folder.encode() in file.read():
                    found.append(int(entry))
    return [pid for pid in found if pid != os.getpid()]


def tail(path, lines=40):
    with contextlib.suppress(OSError):
        with open(path, errors="replace") as file:
            return f"--- {path}\n" + "".join(file.readlines()[-lines:])
    return ""


def read_log(path):
    with open(path, errors="replace") as file:
        return file.read()


class Daemon:
    """A program of ours in the background."""

    def __init__(self, argv, log):
        self.argv, self.log, self.child = argv, log, None

    def launch(self):
        assert not self.alive(), f"{self.argv[0]} runs already"
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def alive(self):
        return self.child is not None and self.child.poll() is None

    def kill9(self):
        self.child.kill()
        self.child.wait()

    def stop(self, patience=60):
        """A clean end; the exit status."""
        if self.alive():
            self.child.terminate()
            try:
                self.child.wait(patience)
            except subprocess.TimeoutExpired:
                self.kill9()
                raise AssertionError(f"{self.argv[0]} does not stop within {patience} s of SIGTERM")
        return self.child.returncode if self.child else None


def parent(pid):
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rsplit(")", 1)[1].split()[1])


def renderers(slave):
    """Blenders below the sandboxes of this slave."""
    boxes, found = set(processes_of(slave.state)), []
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/comm") as file:
                blender_here = file.read().strip() == "blender"
            above = pid
            while blender_here and above > 1:
                above = parent(above)
                if above in boxes:
                    found.append(pid)
                    break
    return found


def check_image(path, *options):
    return subprocess.run([program("distren-image"), "check", path, *map(str, options)], capture_output=True, text=True)


def compare_images(left, right):
    done = subprocess.run([program("distren-image"), "compare", left, right], capture_output=True, text=True)
    return json.loads(done.stdout)


def wait_for_none(look, seconds=20):
    until = time.monotonic() + seconds
    while (left := look()) and time.monotonic() < until:
        time.sleep(0.05)
    return left
