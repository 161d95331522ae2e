#!/usr/bin/env python3
"""Render methods that are only definitions: POV-Ray, ImageMagick and ffmpeg through the whole grid, and limits of
their scenes."""
import contextlib
import hashlib
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from programs import need, sandbox_works  # noqa: E402
from tap import Skip, case, run  # noqa: E402

SCENE = b"""#version 3.7;
#include "color.inc"
global_settings { assumed_gamma 1 }
camera { location <0, 0, -5> look_at 0 }
light_source { <5, 5, -5> 1 }
sphere { <clock * 2 - 1, 0, 0>, 1 pigment { Chosen } }
"""
COLOR = b"#declare Chosen = color rgb <1, 0.5, 0>;\n"


def finished(grid, number):
    job = grid.wait(number)
    assert job["state"] == "finished", (job, [task["failure"] for task in grid.tasks(number)])
    return grid.check_output(number)


def posted(grid, files, **members):
    status, job = grid.post_job(files, **members)
    assert status == 201, (status, job)
    return job["id"]


def reason(grid, number):
    """Why the one frame of a job failed."""
    job = grid.wait(number, ("failed", "paused", "finished"))
    return job["state"], " ".join(str(task) for task in grid.tasks(number))


@case
def a_pov_ray_animation_is_rendered_frame_by_frame(grid):
    folder = os.path.join(grid.folder, "film", "shots")
    os.makedirs(folder)
    for name, content in (("scene.pov", SCENE), ("color.inc", COLOR)):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
    number = grid.submit(os.path.join(folder, "scene.pov"), "--method", "povray", "--root", os.path.dirname(folder),
                         "--frames", "2-4", "--set", "width=64", "--set", "height=48", "--set", "last=4",
                         "--set", "antialias=0.3")
    assert finished(grid, number) == ["0002.png", "0003.png", "0004.png"]
    digests = set()
    for name in os.listdir(grid.output(number)):
        with open(os.path.join(grid.output(number), name), "rb") as file:
            digests.add(hashlib.sha256(file.read()).hexdigest())
    assert len(digests) == 3, "frames are identical"
    grid.rendered = number


@case
def imagemagick_post_processes_frames(grid):
    files = {}
    for name in sorted(os.listdir(grid.output(grid.rendered))):
        with open(os.path.join(grid.output(grid.rendered), name), "rb") as file:
            files["plates/" + name] = file.read()
    number = posted(grid, files, method="imagemagick", frames="2-4",
                    parameters={"sequence": "plates/%04d.png", "width": 32, "gray": "on", "format": "JPEG"})
    assert finished(grid, number) == ["0002.jpg", "0003.jpg", "0004.jpg"]


@case
def ffmpeg_encodes_frames_as_a_video(grid):
    need("ffmpeg")
    files = {}
    for name in sorted(os.listdir(grid.output(grid.rendered))):
        with open(os.path.join(grid.output(grid.rendered), name), "rb") as file:
            files["plates/" + name] = file.read()
    number = posted(grid, files, method="ffmpeg", frames="1",
                    parameters={"sequence": "plates/%04d.png", "first": 2, "fps": 12, "format": "MP4"})
    job = grid.wait(number)
    assert job["state"] == "finished", grid.tasks(number)
    with open(os.path.join(grid.output(number), "1.mp4"), "rb") as file:
        assert file.read(12)[4:8] == b"ftyp"


@case
def unsupported_parameters_and_frames_are_rejected_with_a_reason(grid):
    for members, words in (({"method": "povray", "parameters": {"percentage": 50}}, "no parameter"),
                           ({"method": "povray", "parameters": {"antialias": "0.3;id"}}, "another form"),
                           ({"method": "povray", "frames": "0"}, "takes frames from 1"),
                           ({"method": "ffmpeg", "frames": "1-2"}, "takes frames from 1 to 1"),
                           ({"method": "maya"}, "not known to this grid")):
        status, answer = grid.post_job({"scene.pov": SCENE}, **members)
        assert status == 400 and words in answer["detail"], (members, answer)
    done = grid.cli("submit", os.path.join(grid.folder, "film", "shots", "scene.pov"), "--method", "povray")
    assert done.returncode != 0 and "--frames" in done.stderr, done


def hostile(sentence, body, *words):
    """A case: this scene yields no image, its owner sees the reason, and no file of the machine is touched."""
    def check(grid):
        number = posted(grid, {"scene.pov": body}, method="povray", frames="1",
                        parameters={"width": 32, "height": 24})
        state, message = reason(grid, number)
        assert state != "finished", message
        assert any(word in message for word in words), message
    check.__name__ = sentence
    case(check)


hostile("a_scene_of_another_language_fails_with_an_explanation", b"<html>", "does not understand the scene")
hostile("a_missing_include_is_named_as_the_cause", b'#version 3.7;\n#if (1)\n#include "gone.inc"\n#end\n',
        "is missing")
hostile("a_scene_cannot_run_programs",
        b'#version 3.7;\nglobal_settings { assumed_gamma 1 }\n#declare x1 = 1;\nPre_Frame_Command=id\n',
        "does not understand the scene")
hostile("a_scene_cannot_read_files_outside_the_job", b'#version 3.7;\n#if (1)\n#include "/etc/passwd"\n#end\n',
        "not of the job", "missing")
hostile("a_scene_cannot_write_beside_its_image",
        b'#version 3.7;\n#fopen F "/var/tmp/distren-planted" write\n#write (F, "x")\n#fclose F\n', "not of the job", "understand")


@case
def a_scene_is_inspected_before_its_first_frame(grid):
    status, answer = grid.post_job({"scene.pov": SCENE}, method="povray")
    assert status == 400 and "'color.inc' is missing" in answer["detail"], answer
    status, answer = grid.post_job({"scene.pov": b"\x89PNG\r\n\x1a\n\0"}, method="povray")
    assert status == 400 and "no text" in answer["detail"], answer
    scene = os.path.join(grid.folder, "film", "shots", "scene.pov")
    done = grid.cli("check", scene, "--method", "povray", "--frames", "1-3", "--set", "width=64", "--set", "height=48",
                    check=0)
    for words in ("color.inc      include  included", "3 frames of 64x48, PNG"):
        assert words in done.stdout, done.stdout
    assert "warning" not in done.stderr, done.stderr


@case
def included_files_are_uploaded_with_the_scene(grid):
    number = grid.submit(os.path.join(grid.folder, "film", "shots", "scene.pov"), "--method", "povray", "--frames", "1",
                         "--set", "width=32", "--set", "height=24")
    assert finished(grid, number) == ["0001.png"]


@case
def no_file_was_written_outside(grid):
    assert not os.path.exists("/var/tmp/distren-planted")
    assert not [name for name in os.listdir(grid.folder) if name == "planted"]


@contextlib.contextmanager
def make_grid():
    if not sandbox_works():
        raise Skip("there is no sandbox here")
    for name in ("povray", "convert"):
        if not shutil.which(name):
            raise Skip(f"there is no {name}")
    with Grid() as grid:
        grid.add_slave("attic")
        yield grid


run(make_grid, Grid.evidence)
