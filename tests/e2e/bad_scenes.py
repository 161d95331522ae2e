#!/usr/bin/env python3
"""Invalid scenes and impossible requests are rejected with a clear reason by the client and by the server."""
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


def rejected_by_client(grid, name, words, *options, status=1):
    done = grid.cli("submit", path_of(name), *options, check=status)
    missing = [word for word in words if word not in done.stderr]
    assert not missing, f"the client's message lacks {missing}: {done.stderr}"
    assert "terminate" not in done.stderr and len(done.stderr) < 2000, done.stderr


def rejected_by_server(grid, name, words, **members):
    status, answer = grid.post_job({name: content_of(name)}, **members)
    assert status == 400 and answer["code"] == "invalid_request", (status, answer)
    missing = [word for word in words if word not in answer["detail"]]
    assert not missing, f"the server's message lacks {missing}: {answer}"


def rejected_by_both(grid, name, words, options=(), status=1, **members):
    rejected_by_client(grid, name, words, *options, status=status)
    rejected_by_server(grid, name, words, **members)


def invalid_scene(sentence, name, *words):
    """A case: both reject this file with these words, and no job is created."""
    def check(grid):
        rejected_by_both(grid, name, words)
    check.__name__ = sentence
    case(check)


invalid_scene("a_text_file_is_rejected", "text.blend", "not a .blend file", "text")
invalid_scene("an_image_is_rejected", "image.blend", "not a .blend file", "PNG")
invalid_scene("an_empty_file_is_rejected", "empty.blend", "empty")
invalid_scene("a_truncated_scene_is_rejected", "truncated.blend", "cut short")
invalid_scene("a_truncated_gzip_scene_is_rejected", "truncated_gzip.blend", "cut short")
invalid_scene("a_git_lfs_pointer_is_rejected", "lfs.blend", "LFS")
invalid_scene("a_scene_with_changed_line_endings_is_rejected", "mangled.blend", "line endings")
invalid_scene("a_scene_without_a_camera_is_rejected", "nocamera.blend", "camera")


def invalid_range(sentence, frames, *words):
    def check(grid):
        rejected_by_client(grid, "plain.blend", words, "--frames", frames, status=2)
        rejected_by_server(grid, "plain.blend", words, frames=frames)
    check.__name__ = sentence
    case(check)


invalid_range("a_reversed_frame_range_is_rejected", "10-1", "10-1")
invalid_range("letters_in_a_frame_range_are_rejected", "a-b", "a-b", "not a number")
invalid_range("a_range_without_an_end_is_rejected", "1-", "1-", "missing")
invalid_range("a_million_frames_are_rejected", "1-1000000", "1,000,000", "100,000")
invalid_range("a_step_of_zero_is_rejected", "1-10x0", "1-10x0")
invalid_range("negative_frames_are_rejected", "-5-3", "-5-3")
invalid_range("an_empty_item_between_commas_is_rejected", "1,,3", "comma")


@case
def an_unknown_camera_is_rejected_and_the_known_ones_are_named(grid):
    rejected_by_both(grid, "plain.blend", ["'Nope'", "'Camera'", "'Side'"], ["--camera", "Nope"],
                    parameters={"camera": "Nope"})


@case
def an_unknown_scene_is_rejected_and_the_known_ones_are_named(grid):
    rejected_by_both(grid, "plain.blend", ["'Nope'", "'Scene'", "'Second'"], ["--scene", "Nope"],
                    parameters={"scene": "Nope"})


@case
def unknown_and_invalid_parameters_are_rejected(grid):
    for bad in ({"samples": 0}, {"samples": "many"}, {"percentage": 5000}, {"format": "DOC"}, {"python": "import os"},
                {"camera": "x" * 5000}, {"frame": 3}, {"file": "/etc/passwd"}):
        rejected_by_server(grid, "plain.blend", [list(bad)[0]], parameters=bad)


@case
def file_paths_outside_the_job_are_rejected(grid):
    plain = content_of("plain.blend")
    for path in ("../plain.blend", "/plain.blend", "a/../../plain.blend", "a//b.blend", "./plain.blend", "a\\..\\b", "",
                 "a/" * 600 + "b.blend", "nul\0.blend", "output/0001.png/../../x"):
        status, answer = grid.post_job({path: plain})
        assert status == 400, (path, status, answer)
    assert not glob.glob(os.path.join(grid.home, "stor", "*.blend")) and not os.path.exists(
        os.path.join(grid.home, "plain.blend"))


@case
def files_that_were_never_uploaded_are_named(grid):
    status, answer = grid.api("POST", "/api/v1/submissions", {
        "name": "empty handed", "method": "blender", "main_file": "ghost.blend", "frames": "1",
        "files": [{"path": "ghost.blend", "sha256": "0" * 64, "size_bytes": 100}]})
    assert status == 409 and "ghost.blend" in answer["detail"], (status, answer)


@case
def a_damaged_upload_is_not_stored(grid):
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
    assert grid.api("POST", "/api/v1/blobs/find-missing", {"sha256": ["0" * 64]})[1] == {"missing": ["0" * 64]}


def inspect(grid, name, *options, status=0):
    return grid.cli("check", path_of(name), *options, check=status)


@case
def check_inspects_a_scene_without_creating_a_job(grid):
    done = inspect(grid, "plain.blend")
    for words in ("saved by   Blender 3.", "scene *    Scene: frames 1-12, 64x36, 24 frames per second, CYCLES, PNG, "
                  "1 sample, camera Camera",
                  "scene      Second: frames 1-3", "cameras    Camera, SecondCamera, SecondSide, Side",
                  "output     12 frames of 64x36, PNG", "memory     about "):
        assert words in done.stdout, f"'{words}' is missing: {done.stdout}"
    assert done.stderr.count("warning") == 0, done.stderr
    done = inspect(grid, "missing_texture.blend", "--frames", "1")
    assert "//tex/gone.png" in done.stdout and "missing" in done.stdout and done.stderr.count("gone.png") == 1, done
    done = inspect(grid, os.path.join("shots", "linked.blend"), "--root", path_of(""))
    assert "//../lib/lib.blend" in done.stdout and " included" in done.stdout, done.stdout


@case
def check_considers_options_and_camera_markers(grid):
    done = inspect(grid, "plain.blend", "--resolution", "400%", "--set", "engine=CYCLES")
    assert "256x144" in done.stdout, done.stdout
    assert "no active camera" in inspect(grid, "nocamera.blend", status=1).stderr
    done = inspect(grid, os.path.join("shots", "linked.blend"), "--camera", "Nope", status=1)  # nor in the library
    assert "it has 'Camera', 'Side'" in done.stderr, done.stderr
    done = inspect(grid, "markers.blend")
    assert "view layers Front, Back" in done.stdout and "no camera" in done.stdout, done.stdout


@case
def unbaked_physics_are_named_by_kind(grid):
    for name, kind in (("cloth", "cloth"), ("soft", "soft bodies"), ("particles", "particles"), ("fluid", "fluid"),
                       ("hair_moving", "moving hair"), ("cloth_baked", ""), ("cloth_off", ""), ("hair", ""),
                       ("particles_still", ""), ("fluid_baked", "")):
        done = inspect(grid, os.path.join("physics", name + ".blend"))
        warning = f"not baked ({kind})" if kind else "not baked"
        assert (warning in done.stderr) == bool(kind), f"{name}: {done.stderr}"


@case
def open_shading_language_and_absolute_paths_cause_warnings(grid):
    done = inspect(grid, "osl.blend")
    assert "Open Shading Language" in done.stderr and "absolute path" in done.stderr, done.stderr
    assert "/somebody/else/checker.png  image  absolute_path" in done.stdout, done.stdout


@case
def rejected_submissions_leave_no_job(grid):
    assert grid.api("GET", "/api/v1/jobs")[1]["items"] == []
    assert not glob.glob(os.path.join(grid.home, "stor", "job*")), os.listdir(os.path.join(grid.home, "stor"))


@case
def a_missing_texture_is_named_and_the_rest_is_rendered(grid):
    with_slave(grid)
    done = grid.cli("submit", path_of("missing_texture.blend"), "--frames", "1", "--wait", check=0)
    assert "warning" in done.stderr and "gone.png" in done.stderr, done.stderr
    named = [line for line in done.stderr.split("\n") if "gone.png" in line]
    assert len(named) == 2, f"once before and once by the renderer: {done.stderr}"
    assert "will not render correctly" in named[0] and "(1 frame)" in named[1], named
    status, job = grid.post_job({"missing_texture.blend": content_of("missing_texture.blend")}, paused=True)
    assert status == 201 and any("gone.png" in found["message"] for found in job["findings"]), job


@case
def a_scene_set_to_write_a_movie_becomes_frames(grid):
    with_slave(grid)
    job = grid.submit(path_of("movie.blend"), "--frames", "1-2")
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    assert grid.check_output(job) == ["0001.png", "0002.png"]
    assert any("PNG" in found["message"] for found in grid.job(job)["findings"]), grid.job(job)
    frame = os.path.join(grid.output(job), "0001.png")
    assert check_image(frame, "--format", "PNG").returncode == 0


@case
def a_file_output_node_writes_below_the_job_s_output_alone(grid):
    with_slave(grid)
    job = grid.submit(path_of("fileoutput.blend"), "--frames", "1")
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    present = grid.check_output(job)
    assert len(present) == 2 and present[0] == "0001.png" and present[1].startswith("stray/"), present
    stray = [place for place, _, files in os.walk(grid.folder) if os.path.basename(place) == "stray" and files]
    assert stray == [os.path.join(grid.output(job), "stray")], stray
    done = grid.cli("submit", path_of("fileoutput.blend"), "--frames", "1", "--tiles", "2x1", "--paused", check=0)
    assert "File Output nodes are switched off in tiles" in done.stderr, done.stderr


@case
def driver_scripts_are_blocked_and_cause_a_warning(grid):
    with_slave(grid)
    job = grid.submit(path_of("driver.blend"), "--frames", "1")
    assert grid.wait(job)["state"] == "finished", grid.job(job)
    assert any(found["code"] == "scripts_disabled" for found in grid.job(job)["findings"]), grid.job(job)


@case
def unbaked_physics_cause_a_warning(grid):
    done = grid.cli("submit", path_of("rigidbody.blend"), "--frames", "1", "--paused", check=0)
    assert "baked" in done.stderr, done.stderr


def saved_by_5_0(plain):
    """The same file in the format of Blender 5.0: another header, 64-bit block lengths."""
    out, at = [b"BLENDER17-01v0500"], 12
    while True:
        code, length, address, kind, count = struct.unpack_from("<4sIQII", plain, at)
        at += 24
        out.append(struct.pack("<4sIQQQ", code, kind, address, length, count) + plain[at:at + length])
        at += length
        if code == b"ENDB":
            return b"".join(out)


@case
def scenes_of_newer_blenders_than_the_grid_has_are_refused_by_naming_both(grid):
    with_slave(grid)
    plain = content_of("plain.blend")
    assert plain.startswith(b"BLENDER-v3"), plain[:12]
    for content, version in ((b"BLENDER-v402" + plain[12:], "4.2"), (saved_by_5_0(plain), "5.0")):
        status, answer = grid.post_job({"newer.blend": content})
        assert (status, answer["code"]) == (409, "no_renderer"), answer
        assert f"saved by blender {version}" in answer["detail"] and "this grid has 3.4" in answer["detail"], answer


@case
def a_job_that_cannot_be_rendered_fails_with_a_reason_and_can_be_requeued(grid):
    with_slave(grid)
    # The camera may be in the library, which was not sent, so only Blender can reject it.
    status, made = grid.post_job({"linked.blend": content_of(os.path.join("shots", "linked.blend"))}, "1",
                                 parameters={"camera": "Nope"})
    said = " ".join(found["message"] for found in made["findings"])
    assert status == 201 and "'Nope'" in said and "lib.blend" in said, made
    job = made["id"]
    assert grid.wait(job)["state"] == "failed", grid.job(job)
    task = grid.tasks(job)[0]
    assert task["failure_count"] == 3 and all(word in task["failure"]["message"] for word in ("Nope", "Camera")), task
    grid.cli("job", "show", job, "--wait", check=1)
    grid.cli("requeue", job, check=0)
    assert grid.job(job)["state"] == "active" and grid.tasks(job)[0]["state"] in ("ready", "assigned", "rendering"), grid.job(job)
    grid.cli("cancel", job, check=0)


if __name__ == "__main__":
    run(Grid, Grid.evidence)
