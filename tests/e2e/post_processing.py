#!/usr/bin/env python3
"""Submissions of several jobs with the real Blender: variations by a parameter file, frames in tiles that are stitched,
denoised and made into a video, and cancelling and deleting one of them."""
import contextlib
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from programs import SOURCE, need, program, sandbox_works, scenes  # noqa: E402
from tap import Skip, case, run  # noqa: E402

PARAMETERS = """<?xml version="1.0"?>
<parameters xmlns="https://distren.org/parameters" method="blender">
  <set name="samples" value="2"/>
  <variation name="front" frames="1-2"/>
  <variation name="side"><set name="camera" value="Side"/><set name="width" value="32"/></variation>
  <variation name="second"><set name="scene" value="Second"/><set name="view-layer" value="ViewLayer"/>
    <set name="format" value="JPEG"/></variation>
</parameters>
"""


def written(grid, name, text):
    path = os.path.join(grid.folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def submitted(grid, *options, check=0):
    """All jobs of one submission, as the API lists them."""
    done = grid.cli("submit", os.path.join(scenes(), "plain.blend"), *options, "--json", check=check)
    return json.loads(done.stdout)["jobs"] if check == 0 else done.stderr


def finished(grid, number):
    job = grid.wait(number)
    assert job["state"] == "finished", (job, grid.tasks(number))
    return grid.check_output(number)


def encoded(grid, number):
    job = grid.wait(number)
    assert job["state"] == "finished", (job, grid.tasks(number))
    return os.listdir(grid.output(number))


def compared(left, right, *options):
    done = subprocess.run([program("distren-image"), "compare", left, right, *options], capture_output=True, text=True)
    return json.loads(done.stdout)


def size_of(path):
    report = json.loads(subprocess.run([program("distren-image"), "check", path], capture_output=True, text=True).stdout)
    return report["width"], report["height"]


@case
def each_variation_of_a_parameter_file_is_a_job_with_its_own_folder(grid):
    target = os.path.join(grid.folder, "variations")
    done = grid.cli("submit", os.path.join(scenes(), "plain.blend"), "--frames", "3", "--parameters",
                    written(grid, "variations.xml", PARAMETERS), "--wait", "--download", target, check=0)
    assert sorted(os.listdir(target)) == ["front", "second", "side"], done.stderr
    assert sorted(os.listdir(os.path.join(target, "front"))) == ["0001.png", "0002.png"]
    assert os.listdir(os.path.join(target, "side")) == ["0003.png"]
    assert os.listdir(os.path.join(target, "second")) == ["0003.jpg"]
    assert size_of(os.path.join(target, "side", "0003.png")) == (32, 18)
    jobs = [job for job in grid.api("GET", "/api/v1/jobs")[1]["items"] if job["name"].startswith("plain: ")]
    assert {job["submission_id"] for job in jobs} == {min(job["id"] for job in jobs)}, jobs


@case
def an_invalid_parameter_file_is_rejected_with_line_or_variation(grid):
    for text, words in (
            ("no xml", "the parameter file"),
            (PARAMETERS.replace("variation name=\"side\"", "variation name=\"../side\""), "the parameter file:5:"),
            (PARAMETERS.replace("name=\"side\"", "name=\"front\""), "front"),
            (PARAMETERS.replace("method=\"blender\"", "method=\"povray\""), "for the render method povray"),
            (PARAMETERS.replace("\"samples\" value=\"2\"", "\"samples\" value=\"many\""), "samples is \"many\""),
            (PARAMETERS.replace("\"camera\"", "\"lens\""), "variation side"),
            (PARAMETERS.replace("\"Side\"", "\"Nowhere\""), "variation side: plain.blend: the camera 'Nowhere' is not in the scene 'Scene'"),
            (PARAMETERS.replace("frames=\"1-2\"", "frames=\"2-1\""), "variation front: frames"),
            ("<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>" + PARAMETERS.split("?>")[1], "parameter")):
        before = len(grid.api("GET", "/api/v1/jobs?limit=1000")[1]["items"])
        error = submitted(grid, "--parameters", written(grid, "wrong.xml", text), check=1)
        assert words in error, (words, error)
        assert len(grid.api("GET", "/api/v1/jobs?limit=1000")[1]["items"]) == before, "a job was created"


@case
def stitched_tiles_match_the_full_frame(grid):
    # OpenEXR: a PNG is dithered separately in each tile.
    options = ("--frames", "5", "--set", "width=200", "--set", "height=120", "--samples", "4", "--format", "EXR")
    whole = submitted(grid, *options)
    jobs = submitted(grid, *options, "--tiles", "3x2", "--overscan", "6")
    assert [job["method"] for job in jobs] == ["blender", "stitch"], jobs
    assert [job["is_final_output"] for job in jobs] == [False, True], jobs
    waiting = grid.job(jobs[1]["id"])
    assert waiting["state"] == "finished" or f"output of job {jobs[0]['id']}" in waiting["wait_reason"], waiting
    tiles = finished(grid, jobs[0]["id"])
    assert tiles == [f"0005-t000{tile}.exr" for tile in range(1, 7)], tiles
    assert size_of(os.path.join(grid.output(jobs[0]["id"]), tiles[0])) == (66 + 6, 60 + 6)
    assert finished(grid, jobs[1]["id"]) == ["0005.exr"]
    finished(grid, whole[0]["id"])
    stitched = os.path.join(grid.output(jobs[1]["id"]), "0005.exr")
    plain = os.path.join(grid.output(whole[0]["id"]), "0005.exr")
    report = compared(plain, stitched)
    print("# whole against tiles:", report)
    assert report["ok"] and report["psnr"] >= 90 and report["share_small"] == 0, report  # no seam, not one pixel
    assert size_of(stitched) == (200, 120)


@case
def tiled_frames_become_a_video(grid):
    need("ffmpeg")
    jobs = submitted(grid, "--frames", "1-3", "--tiles", "2x2", "--video", "mp4", "--fps", "12")
    assert [(job["method"], job["is_final_output"]) for job in jobs] == [("blender", False), ("stitch", True), ("ffmpeg", True)]
    assert encoded(grid, jobs[2]["id"]) == ["video.mp4"]
    assert finished(grid, jobs[1]["id"]) == ["0001.png", "0002.png", "0003.png"]
    frames = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames,r_frame_rate",
                             "-of", "csv=p=0", os.path.join(grid.output(jobs[2]["id"]), "video.mp4")],
                            capture_output=True, text=True).stdout.strip()
    assert frames == "12/1,3", frames


def video_of(grid, number):
    """A video's frame rate and count, and when it was written."""
    path = os.path.join(grid.output(number), "video.mp4")
    frames = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames,r_frame_rate",
                           "-of", "csv=p=0", path], capture_output=True, text=True).stdout.strip()
    return frames, os.stat(path).st_mtime_ns


@case
def a_video_has_the_frame_rate_of_its_scene_and_is_regenerated_with_its_frames(grid):
    need("ffmpeg")
    sample = os.path.join(SOURCE, "methods", "blender", "sample", "distren-sample.blend")  # of 12 frames a second
    done = grid.cli("submit", sample, "--frames", "1-2", "--resolution", "5%", "--samples", "1", "--video", "mp4", "--json")
    frames, video = [job["id"] for job in json.loads(done.stdout)["jobs"]]
    assert grid.job(frames)["output"]["fps"] == 12, grid.job(frames)
    encoded(grid, video)
    counted, first = video_of(grid, video)
    assert counted == "12/1,2", counted
    assert grid.api("POST", f"/api/v1/tasks/{grid.tasks(frames)[1]['id']}/requeue")[0] == 200
    assert grid.job(video)["state"] == "active", "the video job waits for the frame"
    finished(grid, frames)
    encoded(grid, video)
    second = video_of(grid, video)[1]
    assert second > first
    grid.cli("requeue", str(frames), "--all")
    assert grid.job(video)["state"] == "active"
    encoded(grid, video)
    counted, third = video_of(grid, video)
    assert third > second and counted == "12/1,2", counted
    grid.cli("requeue", str(frames))
    assert grid.job(video)["state"] == "finished", "nothing was rendered again"


@case
def frames_with_gaps_become_a_video_too(grid):
    need("ffmpeg")
    jobs = submitted(grid, "--frames", "1-9x4", "--video", "webm")
    assert encoded(grid, jobs[1]["id"]) == ["video.webm"]


@case
def pov_ray_renders_tiles_too(grid):
    need("povray")
    scene = written(grid, "ball.pov", """#version 3.7; camera { location <0,0,-5> look_at 0 } light_source { <5,5,-5> 1 }
        sphere { 0, 1.5 pigment { checker rgb 1 rgb <1,0,0> scale 0.3 } } background { rgb <0.2,0.4,0.8> }""")
    options = ("--method", "povray", "--frames", "1", "--set", "width=90", "--set", "height=70", "--json")
    whole = json.loads(grid.cli("submit", scene, *options, check=0).stdout)["id"]
    jobs = json.loads(grid.cli("submit", scene, *options, "--tiles", "2x3", check=0).stdout)["jobs"]
    finished(grid, whole)
    finished(grid, jobs[1]["id"])
    report = compared(os.path.join(grid.output(whole), "0001.png"), os.path.join(grid.output(jobs[1]["id"]), "0001.png"))
    assert report["psnr"] == 200, report


@case
def impossible_post_processing_is_rejected_before_any_job_is_created(grid):
    for options, words in (
            (("--tiles", "9000x1"), "tiles"),
            (("--tiles", "64x36"), "smaller than 16 pixels"),
            (("--tiles", "many"), "neither auto nor COLUMNSxROWS"),
            (("--tiles", "2x2", "--format", "JPEG"), "loses pixels' values"),
            (("--video", "avi"), "format"),
            (("--tiles", "2x2", "--set", "view-layer=Nope"), "'Nope' is not in the scene")):
        error = submitted(grid, "--frames", "1", *options, check=1)
        assert words in error, (options, error)
    status, answer = grid.api("POST", "/api/v1/submissions", {"name": "x", "method": "blender", "denoise": True})
    assert status == 400 and "ask for them too" in json.dumps(answer), answer


@case
def dependent_jobs_are_cancelled_with_their_job(grid):
    jobs = submitted(grid, "--frames", "1-12", "--paused", "--tiles", "2x2", "--video", "mp4")
    numbers = [job["id"] for job in jobs]
    grid.cli("cancel", str(numbers[0]), check=0)
    for number in numbers:
        assert grid.job(number)["state"] == "cancelled", grid.job(number)
    assert f"cancelled with job {numbers[0]}" in grid.job(numbers[2])["state_reason"]


@case
def a_dependent_job_survives_a_restart_and_protects_its_source_from_deletion(grid):
    jobs = submitted(grid, "--frames", "1-2", "--paused", "--video", "mp4")
    first, video = jobs[0]["id"], jobs[1]["id"]
    grid.restart()
    assert f"output of job {first}" in json.dumps(grid.api("GET", f"/api/v1/jobs/{video}/explain")[1])
    grid.cli("resume", str(first), check=0)
    finished(grid, first)
    refused = grid.api("DELETE", f"/api/v1/jobs/{first}") if grid.job(video)["state"] != "finished" else (409, {})
    assert refused[0] == 409, refused
    encoded(grid, video)
    assert grid.api("DELETE", f"/api/v1/jobs/{first}")[0] == 204


@case
def the_stitched_frame_is_denoised_by_a_slave_that_can_denoise(grid):
    # Debian's Blender cannot; a fake claims that it can, and everything but the filter is real.
    blender = shutil.which("blender")
    fake_blender = written(grid, "denoiser", f"""#!/bin/sh
case "$*" in *_cycles*) echo "Denoises 3.4.1";; *) exec {blender} "$@";; esac
""")
    os.chmod(fake_blender, 0o755)
    jobs = submitted(grid, "--frames", "4", "--tiles", "2x1", "--denoise", "--samples", "2")
    assert [job["method"] for job in jobs] == ["blender", "stitch", "denoise"], jobs
    assert [job["is_final_output"] for job in jobs] == [False, False, True], jobs
    finished(grid, jobs[1]["id"])
    waiting = grid.job(jobs[2]["id"])["wait_reason"]
    assert "denoise" in waiting, waiting
    denoiser = grid.add_slave("denoiser", sandbox="off", **{"programs.denoise": fake_blender})
    assert finished(grid, jobs[2]["id"]) == ["0004.png"]
    denoiser.stop()
    whole = submitted(grid, "--frames", "4", "--samples", "2")
    finished(grid, whole[0]["id"])
    report = compared(os.path.join(grid.output(whole[0]["id"]), "0004.png"),
                      os.path.join(grid.output(jobs[2]["id"]), "0004.png"))
    print("# whole against tiles through the denoiser:", report)
    assert report["psnr"] >= 40, report


@contextlib.contextmanager
def make_grid():
    need("blender")
    if not sandbox_works():
        raise Skip("the sandbox does not work here")
    with Grid() as grid:
        grid.add_slave("attic")
        yield grid


run(make_grid, Grid.evidence)
