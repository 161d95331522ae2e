#!/usr/bin/env python3
"""Real .blend files by other people (../shared/scenes, where it is there) through a whole grid, each with its outcome."""
import contextlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from tap import Skip, case, run, wait_until  # noqa: E402

SCENES = os.path.join(os.environ.get("top_srcdir", "."), "..", "shared", "scenes")
SMALL = ("--resolution", "5%")


@contextlib.contextmanager
def grid_with_slave():
    if not os.path.isdir(SCENES):
        raise Skip("there is no ../shared/scenes")
    with Grid() as grid:
        grid.add_slave("attic")
        yield grid


def rendered(grid, name, frames, *options):
    """Submits, waits, checks every frame; the job as the API shows it."""
    number = grid.submit(os.path.join(SCENES, name), "--frames", frames, *options)
    job = grid.wait(number, seconds=600)
    assert job["state"] == "finished", (job, grid.tasks(number))
    grid.check_output(number)
    return job


def refused(grid, name, words):
    done = grid.cli("submit", os.path.join(SCENES, name), "--frames", "1")
    assert done.returncode != 0 and words in done.stderr, done.stderr
    assert not [job for job in grid.api("GET", "/api/v1/jobs")[1]["items"] if job["name"] == os.path.basename(name)]


def waits_for(grid, name, version):
    number = grid.submit(os.path.join(SCENES, name), "--frames", "1")
    wait_until("the job says what it waits for", lambda: version in (grid.job(number)["waiting"] or ""))
    grid.cli("cancel", number, check=0)


@case
def cycles_with_denoising_that_this_blender_lacks_is_rendered(grid):
    rendered(grid, "suzanne_anim/suzanne_animated.blend", "1-3", *SMALL, "--samples", "4")


@case
def a_packed_and_compressed_scene_of_several_cameras_is_rendered(grid):
    done = grid.cli("submit", os.path.join(SCENES, "f9r_rocket/f9r-v2.blend"), "--camera", "Nobody")
    assert done.returncode != 0 and "Nobody" in done.stderr, done.stderr  # the message names those that are there
    rendered(grid, "f9r_rocket/f9r-v2.blend", "1,100", *SMALL, "--samples", "1")


@case
def an_external_texture_travels_with_its_scene(grid):
    job = rendered(grid, "fhr_exttex/fhr-v2.blend", "1", *SMALL, "--samples", "1")
    assert not any("fh-diffuse" in warning for warning in job["warnings"]), job["warnings"]


@case
def a_linked_library_and_textures_one_folder_above_travel_with_the_root(grid):
    root = os.path.join(SCENES, "timing_linked")
    rendered(grid, "timing_linked/video/timing.blend", "1", *SMALL, "--samples", "1", "--root", root)


@case
def a_file_output_node_and_a_blocked_driver_do_no_harm(grid):
    rendered(grid, "cube_compositor/cube_compositor.blend", "1-2", "--resolution", "25%")


@case
def eevee_is_rendered(grid):
    rendered(grid, "looper/looper.blend", "1-2", "--resolution", "10%", "--samples", "1")


@case
def a_scene_set_to_write_a_movie_gives_pictures(grid):
    job = rendered(grid, "cartpole_movie/cartpole.blend", "1-2", "--resolution", "10%")
    assert job["output"]["format"] == "PNG", job["output"]


@case
def a_missing_texture_is_named_and_the_rest_rendered(grid):
    job = rendered(grid, "missing_tex_279/01_missing_textures.blend", "1", "--resolution", "10%")
    assert job["warnings"], job


@case
def files_of_newer_blenders_wait_for_a_slave_that_can_open_them(grid):
    waits_for(grid, next_blend("suzanne_v400"), "4.0")
    waits_for(grid, next_blend("v500_zstd"), "5.")


def next_blend(folder):
    for parent, _, names in os.walk(os.path.join(SCENES, folder)):
        for name in names:
            if name.endswith(".blend"):
                return os.path.relpath(os.path.join(parent, name), SCENES)
    raise Skip(f"{folder} has no .blend")


@case
def broken_files_are_refused_by_what_they_are(grid):
    refused(grid, "broken_lfs/Monkay_lfs_pointer.blend", "LFS")
    refused(grid, "broken_trunc/empty.blend", "empty")
    refused(grid, "broken_trunc/f9r_gzip_truncated.blend", "gzip")
    refused(grid, "broken_trunc/suzanne_truncated.blend", "truncated")


if __name__ == "__main__":
    run(grid_with_slave, Grid.evidence)
