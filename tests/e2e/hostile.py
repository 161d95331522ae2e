#!/usr/bin/env python3
"""Scenes that attack the volunteer's PC, in the real sandbox with every other protection switched off: scripts run,
Freestyle modules run, File Output nodes write. The sandbox alone must contain them. Prints what each could reach."""
import contextlib
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from programs import SOURCE, need, sandbox_works  # noqa: E402
from tap import Skip, case, run, wait_until  # noqa: E402

MEMORY_MIB = 1200
TIME_LIMIT = 60  # seconds; for the frame that tries to exceed it, generous for all others
TABLE = []


def unprotected_methods(folder):
    """Copies the methods as shipped, except that Blender runs scripts and its driver disables nothing."""
    methods = os.path.join(folder, "methods")
    shutil.copytree(os.path.join(SOURCE, "methods"), methods)
    for name, pattern, new, count in (("method.xml", r"--disable-autoexec", "--enable-autoexec", 1),
                                      ("distren_safety.py", r"(\ndef neutralise\([^)]*\):\n)", r"\1    return\n", 1)):
        path = os.path.join(methods, "blender", name)
        with open(path) as file:
            text, done = re.subn(pattern, new, file.read())
        assert done == count, f"{name} has changed: {pattern} occurs {done} times"
        with open(path, "w") as file:
            file.write(text)
    return methods


class Listeners:
    """Listeners on this machine that a scene could connect to; counts connections."""

    def __init__(self, folder):
        self.connections = 0
        self.abstract = f"distren-{random.getrandbits(60):x}"
        self.path = os.path.join(folder, "socket")
        self.sockets = [socket.socket(socket.AF_INET), socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)]
        for each, address in zip(self.sockets, (("127.0.0.1", 0), "\0" + self.abstract, self.path)):
            each.bind(address)
            each.listen()
            threading.Thread(target=self.count, args=(each,), daemon=True).start()
        self.port = self.sockets[0].getsockname()[1]

    def count(self, each):
        with contextlib.suppress(OSError):
            while True:
                each.accept()[0].close()
                self.connections += 1

    def check(self):
        """Verifies that a connection is counted."""
        socket.create_connection(("127.0.0.1", self.port), 5).close()
        wait_until("the connection is counted", lambda: self.connections == 1)
        self.connections = 0


def outcome_of(grid, name):
    """State and reason of the frame after its first attempt; the job is cancelled afterwards."""
    status, job = grid.post_job({name + ".blend": grid.hostile(name)})
    assert status == 201, job
    number = job["id"]

    def ended():
        task = grid.tasks(number)[0]
        return task if task["failure_count"] > 0 or task["state"] in ("finished", "failed") else None
    task = wait_until(f"the scene {name} has been tried", ended, 150)
    if task["state"] not in ("finished", "failed"):
        grid.api("POST", f"/api/v1/jobs/{number}/cancel")
    assert grid.slave.alive(), "the slave has ended"
    wait_until("the slave is idle again", lambda: not grid.processes_named("blender"), 60)
    return task["state"], (task["failure"] or {}).get("message", "")


def attack(sentence, name, *allowed):
    """A case: the scene reaches nothing, or is stopped for one of these reasons."""
    def check(grid):
        state, reason = outcome_of(grid, name)
        TABLE.append((name, state, reason))
        good = [words for words in allowed or ("REPORT nothing",) if words in reason]
        assert good, f"{state}: {reason}"
        assert grid.listeners.connections == 0, "the scene opened a connection"
        assert not grid.planted(), grid.planted()
    check.__name__ = sentence
    case(check)


attack("a_script_does_not_read_the_volunteers_home", "home")
attack("a_driver_does_not_read_the_volunteers_home", "driver")
attack("a_freestyle_module_does_not_read_the_volunteers_home", "freestyle")
attack("an_image_of_the_volunteer_cannot_be_loaded", "picture")
attack("a_script_cannot_open_network_or_local_sockets", "network")
attack("a_script_cannot_write_outside_its_folder", "elsewhere")
attack("a_script_sees_no_other_processes", "others")
attack("a_script_cannot_use_dangerous_kernel_interfaces", "kernel")
attack("a_fork_bomb_is_ended", "fork", "started more than 200 processes", "needs more memory")
attack("a_script_that_fills_the_disk_is_ended", "disk", "wrote more than 1.00 GiB")
# A slave that runs as root can read every folder.
attack("a_script_that_hides_what_it_writes_is_ended", "hide", "made a folder that cannot be looked into",
       "wrote more than 1.00 GiB")
attack("a_script_that_makes_files_without_end_is_ended", "files", "made more than 20,000 files")
attack("a_script_cannot_kill_processes_outside_the_sandbox", "kill", "")
attack("an_image_that_was_not_rendered_is_rejected", "lie", "picture", "image", "file")
attack("a_gigabyte_of_output_is_discarded", "flood", "REPORT printed 1 GB", "took longer")


@case
def a_script_cannot_allocate_more_than_the_memory_limit(grid):
    state, reason = outcome_of(grid, "memory")
    TABLE.append(("memory", state, reason))
    got = re.search(r"REPORT ([0-9]+) MiB", reason)
    assert "needs more memory" in reason or (got and int(got[1]) <= MEMORY_MIB), (state, reason)


@case
def a_script_does_not_outlive_its_time_limit(grid):
    state, reason = outcome_of(grid, "outlive")
    TABLE.append(("outlive", state, reason))
    assert "took longer" in reason, (state, reason)
    wait_until("the process has ended", lambda: not grid.processes_named(grid.ghost), 20)


@case
def a_file_output_node_cannot_write_outside_its_folder(grid):
    state, reason = outcome_of(grid, "fileoutput")
    TABLE.append(("fileoutput", state, reason or "the frame was rendered, the other file below its folder"))
    assert not grid.planted(), grid.planted()


@case
def afterwards_the_slave_renders_an_ordinary_scene(grid):
    with open(os.path.join(SOURCE, "methods", "blender", "sample", "distren-sample.blend"), "rb") as file:
        status, job = grid.post_job({"good.blend": file.read()}, parameters={"percentage": 10, "samples": 1})
    assert status == 201 and grid.wait(job["id"])["state"] == "finished", grid.tasks(job["id"])
    used = sum(os.lstat(os.path.join(place, name)).st_blocks * 512
               for place, _, names in os.walk(grid.slave.state) for name in names)
    assert used < 700 << 20, f"{used >> 20} MiB are left"
    with open(f"/proc/{grid.slave.child.pid}/status") as file:
        peak = int(re.search(r"VmHWM:\s+([0-9]+)", file.read())[1]) >> 10
    assert peak < 200, f"the slave itself took {peak} MiB"
    print("#", "scene".ljust(12), "outcome")
    for name, state, reason in TABLE:
        text = " ".join(reason.replace("REPORT ", "reached: ").split())[:140]
        print("#", name.ljust(12), text or f"the frame is {state}, nothing else")


class HostileGrid(Grid):
    def hostile(self, name):
        with open(os.path.join(self.folder, "hostile", name + ".blend"), "rb") as file:
            return file.read()

    def processes_named(self, name):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/comm") as file, open(f"/proc/{pid}/cmdline") as line:
                    # Other grids on this machine may run renderers, too.
                    if file.read().strip() == name and (name != "blender" or self.folder in line.read()):
                        found.append(pid)
        return found

    def planted(self):
        return [place for place in (*self.places["folders"], "/usr", "/etc", "/var/tmp", "/")
                if os.path.exists(os.path.join(place, self.places["plant"]))] + [
                    name for name in os.listdir(self.places["folders"][0]) if name not in ("letter.txt", "photo.png")]


@contextlib.contextmanager
def make_grid():
    if not sandbox_works():
        raise Skip("there is no sandbox here")
    need("blender")
    with HostileGrid({"times.frame_limit_seconds": TIME_LIMIT}) as grid:
        home = os.path.join(grid.folder, "home")
        os.makedirs(home)
        word = f"{random.getrandbits(100):x}"
        with open(os.path.join(home, "letter.txt"), "w") as file:
            file.write(word)
        picture = os.path.join(home, "photo.png")
        make_picture(picture)
        methods = unprotected_methods(grid.folder)
        grid.slave = grid.add_slave("victim", methods=methods, memory_mib=MEMORY_MIB, threads=1)
        grid.listeners, grid.ghost = Listeners(grid.folder), f"ghost{random.randrange(10**8)}"
        grid.listeners.check()
        grid.places = {"secrets": [os.path.join(home, "letter.txt"), picture, grid.folder,
                                   os.path.join(grid.slave.folder, "distren-slave.toml"), os.path.expanduser("~")],
                       "words": [word, grid.slave.credentials["slavepassword"]], "port": grid.listeners.port,
                       "abstract": grid.listeners.abstract, "socket": grid.listeners.path,
                       "folders": [home, grid.folder], "plant": f"planted-{random.getrandbits(40):x}",
                       "slave": grid.slave.child.pid,
                       "ghost": grid.ghost, "picture": picture}
        with open(os.path.join(grid.folder, "places.json"), "w") as file:
            json.dump(grid.places, file)
        done = subprocess.run(
            ["blender", "--background", "--factory-startup", "--python-exit-code", "3", "--python",
             os.path.join(SOURCE, "tests", "support", "scenes", "make_hostile.py"), "--",
             os.path.join(grid.folder, "hostile"), os.path.join(grid.folder, "places.json")],
            capture_output=True, text=True, env={**os.environ, "HOME": grid.folder})
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
        yield grid


def make_picture(path):
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress((b"\0" + b"\x80" * 8) * 8)) + chunk(b"IEND", b""))


if __name__ == "__main__":
    run(make_grid, Grid.evidence)
