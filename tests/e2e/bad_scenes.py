#!/usr/bin/env python3
"""What is no scene, or asks for what cannot be, gets a clear answer from the client and, without it, from the server."""
import glob
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from programs import check_image, scenes  # noqa: E402
from tap import case, run, wait_until  # noqa: E402


def path_of(name):
    return os.path.join(scenes(), name)


def content_of(name):
    with open(path_of(name), "rb") as file:
        return file.read()


def with_slave(grid):
    if not grid.slaves:
        grid.add_slave("attic")


def refused_by_client(grid, name, words, *options, status=1):
    done = grid.cli("submit", path_of(name), *options, check=status)
    missing = [word for word in words if word not in done.stderr]
    assert not missing, f"the client does not say {missing}: {done.stderr}"
    assert "terminate" not in done.stderr and len(done.stderr) < 2000, done.stderr


def refused_by_server(grid, name, words, **members):
    status, answer = grid.post_job({name: content_of(name)}, **members)
    assert status == 400 and answer["error"]["code"] == "invalid", (status, answer)
    missing = [word for word in words if word not in answer["error"]["message"]]
    assert not missing, f"the server does not say {missing}: {answer}"


def refused_by_both(grid, name, words, options=(), status=1, **members):
    refused_by_client(grid, name, words, *options, status=status)
    refused_by_server(grid, name, words, **members)


def no_scene(sentence, name, *words):
    """A case: this file is refused by both in these words, and leaves no job."""
    def check(grid):
        refused_by_both(grid, name, words)
    check.__name__ = sentence
    case(check)


no_scene("a_letter_is_no_scene", "text.blend", "not a .blend file", "text")
no_scene("a_picture_is_no_scene", "image.blend", "not a .blend file", "PNG")
no_scene("an_empty_file_is_no_scene", "empty.blend", "empty")
no_scene("a_truncated_scene_is_recognised", "truncated.blend", "cut short")
no_scene("a_truncated_gzip_scene_is_recognised", "truncated_gzip.blend", "cut short")
no_scene("a_scene_that_stayed_in_git_lfs_is_recognised", "lfs.blend", "LFS")
no_scene("a_scene_with_changed_line_endings_is_recognised", "mangled.blend", "line endings")
no_scene("a_scene_without_a_camera_is_refused", "nocamera.blend", "camera")


def no_range(sentence, frames, *words):
    def check(grid):
        refused_by_client(grid, "plain.blend", words, "--frames", frames, status=2)
        refused_by_server(grid, "plain.blend", words, frames=frames)
    check.__name__ = sentence
    case(check)


no_range("frames_that_run_backwards_are_refused", "10-1", "10-1")
no_range("letters_are_no_frames", "a-b", "a-b", "not a number")
no_range("a_range_without_an_end_is_refused", "1-", "1-", "missing")
no_range("a_million_frames_are_refused", "1-1000000", "1,000,000", "100,000")
no_range("a_step_of_zero_is_refused", "1-10x0", "1-10x0")
no_range("frames_below_zero_are_refused", "-5-3", "-5-3")
no_range("an_empty_place_between_commas_is_refused", "1,,3", "comma")


@case
def a_camera_that_is_not_in_the_file_is_refused_and_the_others_are_named(grid):
    refused_by_both(grid, "plain.blend", ["'Nope'", "'Camera'", "'Side'"], ["--camera", "Nope"],
                    parameters={"camera": "Nope"})


@case
def a_scene_that_is_not_in_the_file_is_refused_and_the_others_are_named(grid):
    refused_by_both(grid, "plain.blend", ["'Nope'", "'Scene'", "'Second'"], ["--scene", "Nope"],
                    parameters={"scene": "Nope"})


@case
def parameters_that_no_method_has_are_refused(grid):
    for bad in ({"samples": 0}, {"samples": "many"}, {"percentage": 5000}, {"format": "DOC"}, {"python": "import os"},
                {"camera": "x" * 5000}, {"frame": 3}, {"file": "/etc/passwd"}):
        refused_by_server(grid, "plain.blend", [list(bad)[0]], parameters=bad)


@case
def files_that_lead_out_of_the_job_are_refused(grid):
    plain = content_of("plain.blend")
    for path in ("../plain.blend", "/plain.blend", "a/../../plain.blend", "a//b.blend", "./plain.blend", "a\\..\\b", "",
                 "a/" * 600 + "b.blend", "nul\0.blend", "output/0001.png/../../x"):
        status, answer = grid.post_job({path: plain})
        assert status == 400, (path, status, answer)
    assert not glob.glob(os.path.join(grid.home, "stor", "*.blend")) and not os.path.exists(
        os.path.join(grid.home, "plain.blend"))


@case
def files_that_were_never_sent_are_named(grid):
    status, answer = grid.api("POST", "/api/v1/jobs", {
        "name": "empty handed", "method": "blender", "source": "ghost.blend", "frames": "1",
        "files": [{"path": "ghost.blend", "sha256": "0" * 64, "size": 100}]})
    assert status == 409 and "ghost.blend" in answer["error"]["message"], (status, answer)


@case
def what_arrives_damaged_is_not_stored(grid):
    content = content_of("plain.blend")
    wrong = "d2hhdCBpdCBpcyBub3Q="  # base64 of some words, not of a digest
    tus = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream",
           "Upload-Length": str(len(content))}
    status, answer = grid.api("POST", "/api/v1/uploads", data=content,
                              headers={**tus, "Upload-Metadata": f"sha256 {wrong}"})
    assert status == 400, (status, answer)
    other = "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA=="  # 64 zeros
    status, answer = grid.api("POST", "/api/v1/uploads", data=content,
                              headers={**tus, "Upload-Metadata": f"sha256 {other}"})
    assert status == 460, (status, answer)
    assert grid.api("POST", "/api/v1/blobs/missing", {"sha256": ["0" * 64]})[1] == {"missing": ["0" * 64]}


def looked_into(grid, name, *options, status=0):
    return grid.cli("check", path_of(name), *options, check=status)


@case
def a_scene_can_be_looked_into_without_a_job(grid):
    done = looked_into(grid, "plain.blend")
    for words in ("saved by   Blender 3.", "scene *    Scene: frames 1-12, 64x36, 24 frames per second, CYCLES, PNG, "
                  "1 sample, camera Camera",
                  "scene      Second: frames 1-3", "cameras    Camera, SecondCamera, SecondSide, Side",
                  "output     12 frames of 64x36, PNG", "memory     about "):
        assert words in done.stdout, f"it does not say '{words}': {done.stdout}"
    assert done.stderr.count("warning") == 0, done.stderr
    done = looked_into(grid, "missing_texture.blend", "--frames", "1")
    assert "//tex/gone.png" in done.stdout and "missing" in done.stdout and done.stderr.count("gone.png") == 1, done
    done = looked_into(grid, os.path.join("shots", "linked.blend"), "--root", path_of(""))
    assert "//../lib/lib.blend" in done.stdout and " here" in done.stdout, done.stdout


@case
def choices_and_camera_markers_are_looked_into(grid):
    done = looked_into(grid, "plain.blend", "--resolution", "400%", "--set", "engine=CYCLES")
    assert "256x144" in done.stdout, done.stdout
    assert "no active camera" in looked_into(grid, "nocamera.blend", status=1).stderr
    done = looked_into(grid, os.path.join("shots", "linked.blend"), "--camera", "Nope")  # the library may have it
    assert "Nope" in done.stderr, done.stderr
    done = looked_into(grid, "markers.blend")
    assert "view layers Front, Back" in done.stdout and "no camera" in done.stdout, done.stdout


@case
def each_kind_of_physics_is_named_unless_it_was_baked(grid):
    for name, kind in (("cloth", "cloth"), ("soft", "soft bodies"), ("particles", "particles"), ("fluid", "fluid"),
                       ("hair_moving", "moving hair"), ("cloth_baked", ""), ("cloth_off", ""), ("hair", ""),
                       ("particles_still", ""), ("fluid_baked", "")):
        done = looked_into(grid, os.path.join("physics", name + ".blend"))
        said = f"not baked ({kind})" if kind else "not baked"
        assert (said in done.stderr) == bool(kind), f"{name}: {done.stderr}"


@case
def open_shading_language_and_paths_of_other_machines_are_warned_of(grid):
    done = looked_into(grid, "osl.blend")
    assert "Open Shading Language" in done.stderr and "absolute path" in done.stderr, done.stderr
    assert "/somebody/else/checker.png  image  absolute" in done.stdout, done.stdout


@case
def nothing_that_was_refused_left_a_job(grid):
    assert grid.api("GET", "/api/v1/jobs")[1]["items"] == []
    assert not glob.glob(os.path.join(grid.home, "stor", "job*")), os.listdir(os.path.join(grid.home, "stor"))


@case
def a_missing_texture_is_named_and_the_rest_is_rendered(grid):
    with_slave(grid)
    done = grid.cli("submit", path_of("missing_texture.blend"), "--frames", "1", "--wait", check=0)
    assert "warning" in done.stderr and "gone.png" in done.stderr, done.stderr
    assert done.stderr.count("gone.png") == 1, f"it is named more than once: {done.stderr}"
    status, job = grid.post_job({"missing_texture.blend": content_of("missing_texture.blend")}, paused=True)
    assert status == 201 and any("gone.png" in warning for warning in job["warnings"]), job


@case
def a_scene_set_to_write_a_movie_becomes_frames(grid):
    with_slave(grid)
    job = grid.submit(path_of("movie.blend"), "--frames", "1-2")
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    assert grid.check_output(job) == ["0001.png", "0002.png"]
    assert any("PNG" in warning for warning in grid.job(job)["warnings"]), grid.job(job)
    frame = os.path.join(grid.output(job), "0001.png")
    assert check_image(frame, "--format", "PNG").returncode == 0


@case
def a_file_output_node_writes_nowhere(grid):
    with_slave(grid)
    job = grid.submit(path_of("fileoutput.blend"), "--frames", "1")
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    grid.check_output(job)
    assert any("File Output" in warning for warning in grid.job(job)["warnings"]), grid.job(job)
    stray = [place for place, folders, _ in os.walk(grid.folder) if "stray" in folders]
    assert not stray, stray


@case
def scripts_in_drivers_do_not_run_and_the_owner_is_told(grid):
    with_slave(grid)
    job = grid.submit(path_of("driver.blend"), "--frames", "1")
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    assert any("script" in warning for warning in grid.job(job)["warnings"]), grid.job(job)


@case
def physics_that_were_not_baked_are_warned_of(grid):
    done = grid.cli("submit", path_of("rigidbody.blend"), "--frames", "1", "--paused", check=0)
    assert "baked" in done.stderr, done.stderr


def saved_by_5_0(plain):
    """The same file in the shape of Blender 5.0: another header, blocks with long lengths."""
    out, at = [b"BLENDER17-01v0500"], 12
    while True:
        code, length, address, kind, count = struct.unpack_from("<4sIQII", plain, at)
        at += 24
        out.append(struct.pack("<4sIQQQ", code, kind, address, length, count) + plain[at:at + length])
        at += length
        if code == b"ENDB":
            return b"".join(out)


@case
def scenes_of_newer_blenders_wait_for_one_that_can_open_them(grid):
    with_slave(grid)
    plain = content_of("plain.blend")
    assert plain.startswith(b"BLENDER-v3"), plain[:12]
    for content, version in ((b"BLENDER-v402" + plain[12:], "4.0"), (saved_by_5_0(plain), "5.0")):
        status, job = grid.post_job({"newer.blend": content})
        assert status == 201 and job["version"] == version, job
        number = job["id"]
        wait_until(f"the job says that it needs {version}", lambda: version in (grid.job(number)["waiting"] or ""))
        assert grid.tasks(number)[0]["failures"] == 0, "it was given to a Blender that it crashes"
        grid.cli("cancel", number, check=0)


@case
def a_job_whose_frames_cannot_be_rendered_fails_with_the_reason_and_can_be_requeued(grid):
    with_slave(grid)
    # The camera may be in the library, so nobody can refuse it before Blender looks.
    done = grid.cli("submit", path_of(os.path.join("shots", "linked.blend")), "--frames", "1", "--camera", "Nope",
                    "--json", check=0)
    assert "Nope" in done.stderr and "lib.blend" in done.stderr, done.stderr
    job = grid.api("GET", "/api/v1/jobs")[1]["items"][0]["id"]
    assert grid.wait(job)["state"] == "failed", grid.job(job)
    task = grid.tasks(job)[0]
    assert task["failures"] == 3 and "Nope" in task["reason"] and "Camera" in task["reason"], task
    grid.cli("job", "show", job, "--wait", check=1)
    grid.cli("requeue", job, check=0)
    assert grid.job(job)["state"] == "active" and grid.tasks(job)[0]["state"] in ("ready", "leased"), grid.job(job)
    grid.cli("cancel", job, check=0)


if __name__ == "__main__":
    run(Grid, Grid.evidence)
