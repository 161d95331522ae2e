#!/usr/bin/env python3
"""Several files of one frame: all of a result are accepted or none, listed, shown and downloaded by name; two frames,
and two images of one frame, never mix theirs, also over a kill of the server."""
import io
import os
import sys
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from malicious_slave import digest_of, image, order_for  # noqa: E402
from tap import case, run  # noqa: E402


def brought(line, order, *files, **changes):
    """Uploads the image and these files, (name, content) each, and reports them; returns the verdict."""
    content = changes.pop("content", None) or image(seed=order["frame"])
    outputs = []
    for name, each in ((order["output"]["name"], content), *files):
        upload = line.upload(order, each, name=name)
        assert isinstance(upload, str), (upload, line.refusal)
        outputs.append({"name": name, "size_bytes": len(each), "sha256": digest_of(each), "upload_id": upload})
    line.result(order, content, outputs[0]["upload_id"], outputs=outputs, **changes)
    return line.verdict()


def depth(frame, seed=50):
    return f"Depth/{frame:04d}.png", image(16, 8, seed + frame)


def files_of(grid, job):
    found = {}
    for folder, _, names in os.walk(grid.output(job)):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, grid.output(job))] = file.read()
    return found


def staged(grid):
    return os.listdir(os.path.join(grid.home, "stor", "staged"))


@case
def all_files_of_a_frame_are_accepted_listed_and_downloaded(grid):
    with order_for(grid) as (line, order):
        name, content = depth(order["frame"])
        mist = image(10, 10, 9)
        verdict = brought(line, order, (name, content), ("Mist/deep/0001.png", mist))
        assert verdict["verdict"] == "accepted", verdict
        job = order["job"]
        outputs = grid.tasks(job)[0]["outputs"]
        assert [each["name"] for each in outputs] == [order["output"]["name"], name, "Mist/deep/0001.png"], outputs
        assert (outputs[1]["width"], outputs[1]["height"]) == (16, 8), "measured by the server"
        assert outputs[1]["sha256"] == digest_of(content) and outputs[1]["size_bytes"] == len(content)
        status, listed = grid.api("GET", f"/api/v1/jobs/{job}/outputs")
        assert status == 200 and len(listed["items"]) == 3, listed
        for each in listed["items"]:
            status, body, _, _ = grid.http("GET", each["url"], token="")
            assert status == 200 and digest_of(body) == each["sha256"], (status, each)
        status, body, _, headers = grid.http("GET", f"/api/v1/tasks/{order['task']}/image?output={name}")
        assert status == 200 and body == content and headers["Content-Type"] == "image/png"
        assert grid.http("GET", f"/api/v1/tasks/{order['task']}/thumbnail?output={name}")[0] == 200
        assert grid.http("GET", f"/api/v1/tasks/{order['task']}/image?output=Depth/other.png")[0] == 404
        _, archive = grid.api("GET", f"/api/v1/jobs/{job}/archive")
        assert archive["file_count"] == 3, archive
        with zipfile.ZipFile(io.BytesIO(grid.http("GET", archive["url"], token="")[1])) as packed:
            assert packed.testzip() is None and packed.read(name) == content
        there = os.path.join(grid.folder, "there")
        done = grid.cli("download", job, there, check=0)
        assert "1 frame, 3 files" in done.stdout, done.stdout
        with open(os.path.join(there, "Mist/deep/0001.png"), "rb") as file:
            assert file.read() == mist
        assert "already there" in grid.cli("download", job, there, check=0).stdout
        grid.cli("delete", job, check=0)
        assert not os.path.exists(grid.output(job))


def refused(sentence, name, *words):
    def check(grid):
        with order_for(grid) as (line, order):
            verdict = brought(line, order, (name, image(8, 8, 1)))
            assert (verdict["verdict"], verdict["code"]) == ("rejected", "output_name_invalid"), verdict
            assert all(word in verdict["message"] for word in words), verdict
            assert not files_of(grid, order["job"]) and not staged(grid)
    check.__name__ = sentence
    case(check)


refused("a_file_outside_of_the_folder_is_rejected", "../0001.png", "'.' or '..'")
refused("a_hidden_file_is_rejected", "Depth/.0001.png", "hidden")
refused("a_page_is_no_image_and_rejected", "Depth/0001.html", "like an image")
refused("the_name_of_another_frames_image_is_rejected", "0002.png", "another file of the job")


@case
def a_bad_file_beside_a_good_image_rejects_both(grid):
    with order_for(grid) as (line, order):
        verdict = brought(line, order, depth(1), ("Mist/0001.png", b"not an image"))
        assert verdict["verdict"] == "rejected" and "Mist/0001.png" in verdict["message"], verdict
        assert not files_of(grid, order["job"]) and not staged(grid)


@case
def a_missing_upload_is_asked_for_again(grid):
    with order_for(grid) as (line, order):
        content = image()
        upload = line.upload(order, content)
        name, more = depth(1)
        outputs = [{"name": order["output"]["name"], "size_bytes": len(content), "sha256": digest_of(content),
                    "upload_id": upload},
                   {"name": name, "size_bytes": len(more), "sha256": digest_of(more), "upload_id": "0" * 32}]
        line.result(order, content, upload, outputs=outputs)
        verdict = line.verdict()
        assert verdict["verdict"] == "retry" and verdict["upload_again"], verdict
        assert brought(line, order, (name, more))["verdict"] == "accepted"


@case
def a_frame_has_a_bounded_number_of_files_and_bytes(grid):
    with order_for(grid) as (line, order):
        content = image(4, 4)
        for number in range(64):
            assert isinstance(line.upload(order, content, name=f"Many/{number}.png"), str), line.refusal
        assert line.upload(order, content, name="Many/64.png") == 413 and "64 files" in line.refusal, line.refusal
        assert isinstance(line.upload(order, content, name="Many/63.png"), str), "the same again takes its place"


@case
def two_frames_never_have_one_name_and_ones_own_is_replaced(grid):
    with order_for(grid, frames="1-2") as (line, order):
        other = line.announce(slots=2, holding=[order]).expect_order()
        job = order["job"]
        assert brought(line, order, ("Depth/same.png", image(8, 8, 1)))["verdict"] == "accepted"
        verdict = brought(line, other, ("Depth/same.png", image(8, 8, 2)))
        assert (verdict["verdict"], verdict["code"]) == ("rejected", "output_name_invalid"), verdict
        assert files_of(grid, job)["Depth/same.png"] == image(8, 8, 1) and not staged(grid)
        grid.cli("cancel", job, check=0)


@case
def two_images_of_one_frame_never_mix_their_files(grid):
    with order_for(grid) as (line, order):
        assert brought(line, order, depth(1), ("Mist/0001.png", image(8, 8, 3)))["verdict"] == "accepted"
        kept = files_of(grid, order["job"])
        verdict = brought(line, order, depth(1, seed=90), content=image(seed=77))
        assert verdict["verdict"] in ("accepted", "rejected"), verdict
        assert files_of(grid, order["job"]) == kept, "what was accepted first stays as a whole"


@case
def a_killed_server_places_all_files_of_an_accepted_frame(grid):
    with order_for(grid) as (line, order):
        assert brought(line, order, depth(1))["verdict"] == "accepted"
    job, kept = order["job"], files_of(grid, order["job"])
    # As a kill between the commit and the renames leaves it.
    folder = os.path.join(grid.home, "stor", "staged")
    for number, name in enumerate((order["output"]["name"], "Depth/0001.png")):
        suffix = f".{number}" if number else ""
        os.rename(os.path.join(grid.output(job), name),
                  os.path.join(folder, f"{job}.{order['task']}.{order['attempt']}{suffix}"))
    os.rmdir(os.path.join(grid.output(job), "Depth"))
    grid.kill9()
    grid.start()
    assert files_of(grid, job) == kept and not staged(grid)


if __name__ == "__main__":
    run(Grid, Grid.evidence)
