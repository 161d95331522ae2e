#!/usr/bin/env python3
"""Wall time of whole jobs through the grid, against one local Blender, one process a frame and chunks of five.

Ratios of times measured in turns in one run, so that what else the machine does falls on all alike; medians of ROUNDS.
SCENES_DIR names a folder with suzanne_anim/, f9r_rocket/ and looper/; without it scenes of like weight are made.
Measured twice: with all on the same cores, and apart, as in real life: server and database have a core of their own,
slave and local Blender the others. ONLY=suzanne_anim,looper limits the scenes, FRAMES=10 the frames, TILES=0 leaves the
large still out, APART=0 the second measurement.
"""
import contextlib
import ctypes
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from bench import cpu_seconds, report, resident_bytes  # noqa: E402
from grid import Grid  # noqa: E402
from programs import SOURCE, need, program, sandbox_works  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "3"))
SCENES = os.environ.get("SCENES_DIR", os.path.join(SOURCE, "..", "shared", "scenes"))
WANTED = {  # name: file below SCENES, frames, aim
    "suzanne_anim": ("suzanne_anim/suzanne_animated.blend", 40, 1.03),
    "f9r_rocket": ("f9r_rocket/f9r-v2.blend", 20, 1.02),
    "looper": ("looper/looper.blend", 20, 1.10),
}
PERCENTAGE, SAMPLES = 25, 4
IDLE_SECONDS = float(os.environ.get("IDLE_SECONDS", "60"))
SET_UP = ("import bpy; s = bpy.context.scene; s.render.resolution_percentage = %d; s.cycles.samples = %d; "
          "s.cycles.use_denoising = False; s.eevee.taa_render_samples = %d; "
          "[setattr(l, 'samples', 0) for l in s.view_layers]" % (PERCENTAGE, SAMPLES, SAMPLES))
OWN = """
import bpy, random
random.seed(5)
s = bpy.context.scene
bpy.data.objects.remove(bpy.data.objects["Cube"])
for i in range(%d):
    bpy.ops.mesh.primitive_monkey_add(location=[random.uniform(-4, 4) for _ in range(3)], size=1.5)
    o = bpy.context.object
    o.modifiers.new("s", "SUBSURF").render_levels = %d
    o.keyframe_insert("rotation_euler", frame=1); o.rotation_euler.z = 6; o.keyframe_insert("rotation_euler", frame=40)
s.render.engine = "%s"
s.render.resolution_x, s.render.resolution_y = 1920, 1080
bpy.ops.wm.save_as_mainfile(filepath=%r)
"""
STILL = """
import bpy
s = bpy.context.scene
s.render.engine = "CYCLES"; s.cycles.samples = 2; s.cycles.use_denoising = False; s.cycles.max_bounces = 1
s.render.resolution_x = s.render.resolution_y = 6000; s.render.resolution_percentage = 100
s.cycles.use_auto_tile = False
bpy.ops.wm.save_as_mainfile(filepath=%r)
"""


def blender(*arguments, environment=None):
    done = subprocess.run(["blender", "--background", "--factory-startup", "--disable-autoexec", *arguments],
                          capture_output=True, text=True, timeout=3600, env=environment)
    assert done.returncode == 0, done.stdout[-2000:]


def scene_file(folder, name):
    path, frames, aim = WANTED[name]
    frames = min(frames, int(os.environ.get("FRAMES", frames)))
    if os.path.exists(os.path.join(SCENES, path)):
        return os.path.join(SCENES, path), frames, aim
    own = os.path.join(folder, name + ".blend")
    heads, levels = (1, 1) if name == "suzanne_anim" else (20, 3)
    engine = "BLENDER_EEVEE" if name == "looper" else "CYCLES"
    blender("--python-exit-code", "1", "--python-expr", OWN % (heads, levels, engine, own))
    return own, frames, aim


def local(folder, scene, threads, frames):
    """One `blender -a`."""
    blender("-t", str(threads), scene, "-o", folder + "/local-####", "-F", "PNG", "--python-expr", SET_UP,
            "-s", str(frames[0]), "-e", str(frames[-1]), "-a")


@contextlib.contextmanager
def cores(some):
    """What is started meanwhile has these cores alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, some)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def timed(work, *arguments):
    began = time.monotonic()
    work(*arguments)
    return time.monotonic() - began


def ended(grid, number):
    """Waits for the job's end without costing what is measured: one connection without TLS, ten questions a second."""
    asking = http.client.HTTPConnection("127.0.0.1", grid.http_port, timeout=60)
    while True:
        asking.request("GET", f"/api/v1/jobs/{number}", headers={"Authorization": "Bearer " + grid.token})
        job = json.loads(asking.getresponse().read())
        if job["state"] in ("finished", "failed", "paused", "cancelled"):
            assert job["state"] == "finished", job
            return
        time.sleep(0.1)


def through_grid(grid, scene, count):
    """From the moment that the job may begin, with its scene at the server, to the last accepted frame."""
    number = grid.submit(scene, "--root", os.path.dirname(scene), "--frames", f"1-{count}", "--resolution",
                         f"{PERCENTAGE}%", "--samples", SAMPLES, "--format", "PNG", "--paused")
    assert grid.api("POST", f"/api/v1/jobs/{number}/resume")[0] == 200
    began = time.monotonic()
    ended(grid, number)
    return time.monotonic() - began


def gaps(slave, since):
    with open(os.path.join(slave.folder, "log"), errors="replace") as file:
        file.seek(since)
        return [int(us) / 1000 for us in re.findall(r"gap_us=(\d+)", file.read())]


def log_size(slave):
    return os.path.getsize(os.path.join(slave.folder, "log"))


def in_and_out_of_the_sandbox(folder, scene, threads):
    """The same frames by one `blender -a` in the slave's own sandbox, as a share of the time without it."""
    inside = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", "/usr", "/usr", "--symlink",
              "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--symlink", "usr/bin", "/bin", "--ro-bind", "/etc",
              "/etc", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--ro-bind", os.path.dirname(scene), "/job",
              "--bind", folder, "/out", "--setenv", "HOME", "/tmp"]
    common = ["blender", "--background", "--factory-startup", "--disable-autoexec", "-t", str(threads)]
    tail = ["-F", "PNG", "--python-expr", SET_UP, "-s", "1", "-e", "10", "-a"]

    def run(command):
        assert subprocess.run(command, capture_output=True, timeout=3600).returncode == 0

    ratios = []
    for _ in range(max(3, ROUNDS)):
        without = timed(run, common + [scene, "-o", folder + "/box-####"] + tail)
        within = timed(run, inside + common + ["/job/" + os.path.basename(scene), "-o", "/out/box-####"] + tail)
        ratios.append(within / without)
    return statistics.median(ratios)


def side_by_side(grid, slave, scene, threads, count):
    """Seconds of each round through the grid and by one local Blender, in turns, and the slave's gaps in milliseconds."""
    through_grid(grid, scene, 2)  # the scene and its shaders are there
    grid_s, local_s, between = [], [], []
    for _ in range(ROUNDS):
        local_s.append(timed(local, grid.folder, scene, threads, range(1, count + 1)))
        mark = log_size(slave)
        grid_s.append(through_grid(grid, scene, count))
        between += gaps(slave, mark)[1:]
    return grid_s, local_s, between


def ratio(grid_s, local_s):
    return round(statistics.median(g / l for g, l in zip(grid_s, local_s)), 3)


def measure_scene(grid, slave, name, threads):
    scene, count, aim = scene_file(grid.folder, name)
    frames = list(range(1, count + 1))
    grid_s, local_s, between = side_by_side(grid, slave, scene, threads, count)
    # Once each: they take long, and their ratios are far from one.
    single_s = timed(lambda: [local(grid.folder, scene, threads, [frame]) for frame in frames])
    five_s = timed(lambda: [local(grid.folder, scene, threads, frames[i:i + 5]) for i in range(0, count, 5)])
    whole = statistics.median(grid_s)
    return {"frames": count, "grid_s": round(whole, 2), "local_s": round(statistics.median(local_s), 2),
            "grid_over_local": ratio(grid_s, local_s), "aim": aim,
            "per_frame_process_over_grid": round(single_s / whole, 2), "chunks_of_5_over_grid": round(five_s / whole, 2),
            "gap_median_ms": round(statistics.median(between), 2) if between else None}


def measure_apart(names):
    """The ratio of each scene when the server is somewhere else: on a core that slave and local Blender have not."""
    mine = sorted(os.sched_getaffinity(0))
    with cores(mine[-1:]), Grid() as grid:
        with cores(mine[:-1]):
            slave = grid.add_slave("apart", threads=len(mine) - 1, **{"log.level": "debug"}, nice=0)
            found = {}
            for name in names:
                scene, count, _ = scene_file(grid.folder, name)
                grid_s, local_s, _ = side_by_side(grid, slave, scene, len(mine) - 1, count)
                found[name] = ratio(grid_s, local_s)
        slave.stop()
    return found


def idle(slave):
    """A slave without work: percent of a core, and what it keeps in memory."""
    pid = slave.child.pid
    time.sleep(65)  # renderer and decoder are closed after a minute
    before = cpu_seconds(pid)
    time.sleep(IDLE_SECONDS)
    return (cpu_seconds(pid) - before) / IDLE_SECONDS * 100, resident_bytes(pid)[0] / (1 << 20)


def tiles_speedup(grid):
    """A 6000x6000 still in 16 tiles: one slave of one core against two."""
    scene = os.path.join(grid.folder, "still.blend")
    blender("--python-exit-code", "1", "--python-expr", STILL % scene)
    first = grid.add_slave("first", threads=1)

    def still():
        began = time.monotonic()
        number = grid.submit(scene, "--frames", "1", "--tiles", "4x4", "--samples", 2, "--format", "PNG")
        assert grid.wait(number, seconds=3600)["state"] == "finished", grid.job(number)
        return time.monotonic() - began

    still()
    one = statistics.median(still() for _ in range(max(1, ROUNDS - 1)))
    second = grid.add_slave("second", threads=1)
    still()
    two = statistics.median(still() for _ in range(max(1, ROUNDS - 1)))
    first.stop()
    second.stop()
    return one / two


def can_tile():
    done = subprocess.run([program("distren"), "submit", "--help"], capture_output=True, text=True)
    return "--tiles" in done.stdout and os.environ.get("TILES", "1") != "0"


def fixed_addresses():
    """Whether Mesa finds a shader of Eevee in its cache hangs on where the kernel puts libraries: by chance 4 or 8 s for
    the first frame of looper. All that is started from here on has the same addresses, so that there is no such chance."""
    no_randomize = 0x0040000
    ctypes.CDLL(None).personality(ctypes.c_ulong(no_randomize))


def main():
    need("blender")
    fixed_addresses()
    threads = os.cpu_count()
    names = os.environ.get("ONLY", ",".join(WANTED)).split(",")
    figures, rows = {"sandboxed": sandbox_works(), "load_before": round(os.getloadavg()[0], 2), "rounds": ROUNDS,
                     "scenes": {}}, []
    with Grid() as grid:
        slave = grid.add_slave("bench", threads=threads, **{"log.level": "debug"}, nice=0)
        for name in names:
            found = figures["scenes"][name] = measure_scene(grid, slave, name, threads)
            rows.append((f"{name}: grid over one blender -a", found["grid_over_local"], f"(aim {found['aim']})"))
            rows.append((f"{name}: one process a frame over grid", found["per_frame_process_over_grid"], "times"))
            rows.append((f"{name}: chunks of five over grid", found["chunks_of_5_over_grid"], "times"))
            rows.append((f"{name}: gap between two frames", found["gap_median_ms"] or 0.0, "ms, median (aim 5 for Cycles)"))
        cycles = [each["gap_median_ms"] for name, each in figures["scenes"].items() if name != "looper"]
        figures["gap_median_ms"] = max((gap for gap in cycles if gap is not None), default=None)
        figures["idle_core_percent"], figures["idle_mib"] = (round(value, 3) for value in idle(slave))
        rows.append(("idle slave", figures["idle_core_percent"], "% of a core (aim 0.1)"))
        rows.append(("idle slave", figures["idle_mib"], "MiB (aim 20)"))
        if sandbox_works():
            scene = scene_file(grid.folder, names[0])[0]
            figures["sandbox_ratio"] = round(in_and_out_of_the_sandbox(grid.folder, scene, threads), 3)
            rows.append(("sandbox over none", figures["sandbox_ratio"], "(aim 1.01)"))
        slave.stop()
        if can_tile():
            figures["tiles_speedup"] = round(tiles_speedup(grid), 2)
            rows.append(("6000x6000 in tiles, two slaves of a core", figures["tiles_speedup"], "times one (aim 1.9)"))
    if os.environ.get("APART", "1") != "0" and threads > 1:
        for name, found in measure_apart(names).items():
            figures["scenes"][name]["grid_over_local_apart"] = found
            rows.append((f"{name}: the same, the server on a core of its own", found,
                         f"(aim {figures['scenes'][name]['aim']})"))
    figures["load_after"] = round(os.getloadavg()[0], 2)
    report(f"renders at {PERCENTAGE} %, {SAMPLES} samples, {threads} threads, medians of {ROUNDS}", rows, figures)


main()
