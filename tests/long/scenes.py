#!/usr/bin/env python3
"""Scenes by other people through a whole grid, each with what is to come of it. They are no part of the project: without
../shared/scenes beside it everything is skipped. Few frames, small, few samples: the subject is that they render."""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from programs import SOURCE, check_image, compare_images, need  # noqa: E402
from tap import Skip, case, run  # noqa: E402

FOLDER = os.environ.get("DISTREN_SCENES") or os.path.join(SOURCE, "..", "shared", "scenes")
PATIENCE = 1800


def path_of(*parts):
    path = os.path.join(FOLDER, *parts)
    if not os.path.exists(path):
        raise Skip(f"{os.path.join(*parts)} is not here")
    return path


def blends():
    return sorted(os.path.relpath(os.path.join(place, name), FOLDER)
                  for place, _, names in os.walk(FOLDER) for name in names if name.lower().endswith(".blend"))


def with_slave(grid):
    if not grid.slaves:
        grid.add_slave("attic", threads=1)  # with more, POV-Ray's radiosity is another at each run, without a grid, too


# What the grid changes in a scene, done by hand: choices of the job, and what a slave tames.
AS_THE_GRID = """
import bpy
scene = bpy.context.scene
options = {options!r}
if "--camera" in options:
    scene.camera = bpy.data.objects[options["--camera"]]
if "--engine" in options:
    scene.render.engine = options["--engine"]
if "--resolution" in options:
    scene.render.resolution_percentage = int(options["--resolution"].rstrip("%"))
if "--samples" in options and scene.render.engine == "CYCLES":
    scene.cycles.samples = int(options["--samples"])
    scene.cycles.use_square_samples = False if hasattr(scene.cycles, "use_square_samples") else None
    for layer in scene.view_layers:
        layer.samples = 0
scene.cycles.use_denoising = False
scene.cycles.device = "CPU"
scene.render.use_file_extension = True
for tree in [scene.node_tree] if scene.node_tree else []:
    for node in tree.nodes:
        if node.type in ("OUTPUT_FILE", "DENOISE"):
            node.mute = True
"""


def rendered_here(file, options, frame, folder):
    """One frame by plain Blender, without grid, slave or sandbox."""
    given = {name: value for name, value in zip(options[::2], options[1::2])}
    script = os.path.join(folder, "as_the_grid.py")
    with open(script, "w") as out:
        out.write(AS_THE_GRID.format(options=given))
    done = subprocess.run(["blender", "--background", "--factory-startup", "--disable-autoexec", "-t", "1", file,
                           "--python-exit-code", "3", "--python", script, "-o", os.path.join(folder, "here-####"), "-F",
                           "PNG", "-f", str(frame)], capture_output=True, text=True, timeout=PATIENCE,
                          env={**os.environ, "HOME": folder})
    made = os.path.join(folder, f"here-{frame:04}.png")
    assert done.returncode == 0 and os.path.exists(made), done.stdout[-2000:] + done.stderr[-500:]
    return made


def same_as_here(file, options, frames):
    """The first of the job's frames shows what one Blender shows that is started by hand."""
    first = frames[0]
    if not first.endswith(".png"):
        return
    folder = tempfile.mkdtemp(prefix="distren-here-")
    try:
        here = rendered_here(file, options, int(os.path.basename(first).split(".")[0]), folder)
        found = compare_images(here, first)
        print(f"# {os.path.basename(file)}: {found}"[:200])
        assert found["verdict"] == "match", f"{os.path.basename(first)} differs from a local render: {found}"
    finally:
        shutil.rmtree(folder)


def rendered(grid, file, *options, frames="1", warnings=()):
    """Paths of the frames of a job that is to finish; these words are to stand among its warnings, and the first frame
    must match the image of a Blender that is started by hand."""
    with_slave(grid)
    done = grid.cli("submit", file, "--frames", frames, *options, "--json", check=0, timeout=PATIENCE)
    for word in warnings:
        assert word in done.stderr, f"nothing warns of {word}: {done.stderr}"
    job = grid.api("GET", "/api/v1/jobs")[1]["items"][0]["id"]
    ended = grid.wait(job, seconds=PATIENCE)
    assert ended["state"] == "finished", (ended, grid.tasks(job))
    grid.check_once(job)
    for name in os.listdir(grid.output(job)):
        good = check_image(os.path.join(grid.output(job), name))
        assert good.returncode == 0 and '"constant":false' in good.stdout, f"{name} shows nothing: {good.stdout}"
    frames = [os.path.join(grid.output(job), name) for name in sorted(os.listdir(grid.output(job)))]
    same_as_here(file, options, frames)
    return frames


def refused(grid, file, *words):
    done = grid.cli("submit", file, "--frames", "1", check=1)
    for word in words:
        assert word.lower() in done.stderr.lower(), f"{word} is missing: {done.stderr}"


SMALL = ("--resolution", "20%", "--samples", "4")


@case
def suzanne_renders_through_both_cameras(grid):
    files = [name for name in blends() if name.startswith("suzanne_anim")]
    if not files:
        raise Skip("suzanne_anim is not here")
    file = path_of(files[0])
    first = rendered(grid, file, *SMALL, frames="1,48")
    cameras = cameras_of(grid, file)
    assert len(cameras) >= 2, cameras
    others = [rendered(grid, file, *SMALL, "--camera", name)[0] for name in cameras[:2]]
    assert compare_images(others[0], others[1])["verdict"] == "differs", "both cameras see the same"
    assert first


def cameras_of(grid, file):
    """Their names, as the refusal of a camera that is not there lists them."""
    error = grid.cli("submit", file, "--frames", "1", "--camera", "no such camera", check=1).stderr
    return error.split("it has", 1)[1].replace(" and ", ", ").strip().strip("'").split("', '")


@case
def a_rocket_of_2014_renders_with_its_textures(grid):
    for name in (name for name in blends() if name.startswith(("f9r_rocket", "fhr_exttex"))):
        rendered(grid, path_of(name), "--resolution", "5%", "--samples", "2", "--format", "PNG")


@case
def a_scene_with_a_library_one_folder_above_renders_from_its_root(grid):
    root = path_of("timing_linked")
    file = path_of("timing_linked", "video", "timing.blend")
    rendered(grid, file, "--root", root, "--resolution", "10%", "--samples", "2")


@case
def a_file_output_node_and_a_blocked_driver_do_no_harm(grid):
    file = next(name for name in blends() if name.startswith("cube_compositor"))
    rendered(grid, path_of(file), "--resolution", "20%", "--engine", "CYCLES", "--samples", "2",
             warnings=["script"])


@case
def a_scene_made_for_a_gpu_renders_without_one(grid):
    for name in (name for name in blends() if name.startswith("looper")):
        rendered(grid, path_of(name), "--resolution", "10%", "--engine", "CYCLES", "--samples", "2")


@case
def a_movie_becomes_frames_and_unbaked_physics_cause_a_warning(grid):
    for name in (name for name in blends() if name.startswith("cartpole_movie")):
        frames = rendered(grid, path_of(name), "--resolution", "10%", "--engine", "CYCLES", "--samples", "2",
                          frames="1-2", warnings=["PNG"])
        assert [os.path.basename(frame) for frame in frames] == ["0001.png", "0002.png"], frames


@case
def a_missing_texture_is_named_and_the_frame_is_rendered(grid):
    for name in (name for name in blends() if name.startswith("missing_tex_279")):
        rendered(grid, path_of(name), "--resolution", "10%", "--engine", "CYCLES", "--samples", "2",
                 warnings=["missing"])


@case
def pov_ray_scenes_match_local_renders(grid):
    need("povray")
    for parts, frame in ((("pov", "pov_clockd", "clockd.pov"), 5), (("pov", "pov_patio", "patio-radio_37.pov"), 1)):
        file = path_of(*parts)
        sizes = {"width": 160, "height": 120, "first": 1, "last": 20}
        with_slave(grid)
        job = grid.submit(file, "--method", "povray", "--frames", frame,
                          *(word for name, value in sizes.items() for word in ("--set", f"{name}={value}")))
        ended = grid.wait(job, seconds=PATIENCE)
        assert ended["state"] == "finished", (ended, grid.tasks(job))
        folder = tempfile.mkdtemp(prefix="distren-here-")
        try:
            done = subprocess.run(["povray", f"+I{file}", f"+L{os.path.dirname(file)}", f"+O{folder}/here.png", "+FN8",
                                   "+W160", "+H120", "+KFI1", "+KFF20", f"+SF{frame}", f"+EF{frame}", "-D", "+WT1"],
                                  capture_output=True, text=True, cwd=folder)
            made = os.path.join(folder, f"here{frame:02}.png")
            assert done.returncode == 0 and os.path.exists(made), done.stderr[-1500:]
            found = compare_images(made, os.path.join(grid.output(job), f"{frame:04}.png"))
            print(f"# {parts[-1]}: {found}"[:200])
            assert found["verdict"] == "match", found
        finally:
            shutil.rmtree(folder)


@case
def broken_files_are_rejected_with_their_reason(grid):
    for name in (name for name in blends() if name.startswith("broken_")):
        size = os.path.getsize(path_of(name))
        word = "LFS" if name.startswith("broken_lfs") else "empty" if size == 0 else "cut short"
        refused(grid, path_of(name), word)


@case
def newer_files_wait_for_a_newer_blender_with_a_reason(grid):
    with_slave(grid)
    for name in (name for name in blends() if name.startswith(("v500_zstd", "suzanne_v400"))):
        job = grid.submit(path_of(name), "--frames", "1")
        shown = grid.job(job)
        version = shown["renderer"]["version"]
        assert shown["state"] == "active" and version in (shown["wait_reason"] or ""), shown
        assert float(version) >= 3.6, shown
        grid.cli("cancel", job, check=0)


@case
def every_blend_file_of_the_collection_has_its_case(grid):
    known = ("suzanne_anim", "f9r_rocket", "fhr_exttex", "timing_linked", "cube_compositor", "looper", "cartpole_movie",
             "missing_tex_279", "broken_", "v500_zstd", "suzanne_v400")
    unknown = [name for name in blends() if not name.startswith(known)]
    assert not unknown, unknown


def make_grid():
    if not os.path.isdir(FOLDER):
        raise Skip(f"{FOLDER} is not here")
    return Grid({"times.frame_limit_seconds": 1200})


if __name__ == "__main__":
    run(make_grid, Grid.evidence)
