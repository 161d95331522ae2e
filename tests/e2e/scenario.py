#!/usr/bin/env python3
"""A grid from the first account to deleted jobs, with the command line."""
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from programs import check_image, compare_images, read_log, scenes  # noqa: E402
from tap import case, run, wait_until  # noqa: E402

PASSWORD = "correct horse battery"
WORDS = PASSWORD + "\n"


def anna(grid, *arguments, check=0, **more):
    return grid.cli(*arguments, user="anna", check=check, **more)


def answer(grid, *arguments, **more):
    """The JSON output of a command run by anna."""
    return json.loads(anna(grid, *arguments, "--json", **more).stdout)


def submit(grid, file, *options):
    return answer(grid, "submit", os.path.join(scenes(), file), *options)["id"]


def finish(grid, job):
    ended = grid.wait(job)
    assert ended["state"] == "finished", ended
    return [os.path.join(grid.output(job), name) for name in grid.check_output(job)]


def finish_all(grid, *jobs):
    """The first frame of each."""
    return [finish(grid, job)[0] for job in jobs]


@case
def the_first_account_is_the_administrator(grid):
    made = json.loads(anna(grid, "register", "anna", "--password-stdin", "--json", words=WORDS).stdout)
    assert made["user"]["name"] == "anna" and made["user"]["role"] == "administrator", made
    status, login = grid.api("POST", "/api/v1/sessions", {"name": "anna", "password": PASSWORD}, token="")
    assert status == 201 and login["user"]["id"] == made["user"]["id"] and login["kind"] == "bearer", login
    grid.token = login["token"]
    assert grid.api("GET", "/api/v1/users/me")[1] == login["user"]


@case
def the_next_account_is_an_ordinary_one(grid):
    made = json.loads(grid.cli("register", "ben", "--password-stdin", "--json", words=WORDS, user="ben", check=0).stdout)
    assert made["user"]["role"] == "user", made
    again = grid.cli("register", "ben", "--password-stdin", words=WORDS, user="carl", check=1)
    assert "ben" in again.stderr, again.stderr
    wrong = grid.cli("login", "ben", "--password-stdin", words="wrong\n", user="carl", check=3)
    unknown = grid.cli("login", "nobody", "--password-stdin", words="wrong\n", user="carl", check=3)
    assert wrong.stderr.replace("ben", "") == unknown.stderr.replace("nobody", ""), (wrong.stderr, unknown.stderr)


@case
def a_slave_connects_with_the_key_created_by_its_owner(grid):
    credentials = answer(grid, "slave", "create", "attic")
    assert credentials["name"] == "attic" and credentials["slavekey"] and credentials["slavepassword"], credentials
    slave = grid.add_slave("attic", credentials=credentials)
    shown = answer(grid, "slaves")["items"]
    assert [each["id"] for each in shown] == [slave.id], shown
    wait_until("its hello is written", lambda: answer(grid, "slave", "show", slave.id)["renderers"])
    shown = answer(grid, "slave", "show", slave.id)
    assert shown["online"] is True and shown["state"] == "enabled" and shown["cores"] > 0 and shown["memory_mib"] > 0, shown
    assert shown["renderers"][0]["method"] == "blender" and shown["owner"]["name"] == "anna", shown
    assert "slavepassword" not in shown, shown


@case
def a_submitted_scene_is_rendered_into_stor_job1_output(grid):
    done = anna(grid, "submit", os.path.join(scenes(), "plain.blend"), "--frames", "1-3,5", "--wait")
    assert "4 of 4" in done.stderr, done.stderr
    assert grid.check_output(1, [1, 2, 3, 5]) == ["0001.png", "0002.png", "0003.png", "0005.png"]
    for name in os.listdir(grid.output(1)):
        good = check_image(os.path.join(grid.output(1), name), "--width", 64, "--height", 36, "--format", "PNG")
        assert good.returncode == 0, good.stdout
    assert os.path.exists(os.path.join(grid.home, "stor", "job1", "plain.blend"))


@case
def a_download_fetches_every_frame_and_replaces_a_damaged_one(grid):
    folder = os.path.join(grid.folder, "frames")
    anna(grid, "download", 1, folder)
    names = sorted(os.listdir(folder))
    assert names == sorted(os.listdir(grid.output(1))), names
    victim = os.path.join(folder, "0002.png")
    with open(victim, "r+b") as file:
        file.seek(50)
        file.write(b"damage")
    anna(grid, "download", 1, folder)
    for name in names:
        with open(os.path.join(folder, name), "rb") as mine, open(os.path.join(grid.output(1), name), "rb") as theirs:
            assert mine.read() == theirs.read(), name
    some = os.path.join(grid.folder, "some")
    anna(grid, "download", 1, some, "--frames", "3,5")
    assert sorted(os.listdir(some)) == ["0003.png", "0005.png"], os.listdir(some)


@case
def a_signed_address_serves_a_frame_without_a_login_and_no_other(grid):
    item = grid.api("GET", "/api/v1/jobs/1/outputs")[1]["items"][0]
    status, content, _, headers = grid.http("GET", item["url"], token="")
    assert status == 200 and len(content) == item["size_bytes"] and item["sha256"] in headers["ETag"], (status, headers)
    status, part, _, headers = grid.http("GET", item["url"], token="", headers={"Range": "bytes=10-19"})
    assert status == 206 and part == content[10:20], (status, part)
    forged = item["url"].replace(item["name"], "0002.png")
    assert grid.http("GET", forged, token="")[0] == 403, forged
    assert grid.http("GET", item["url"].split("?")[0], token="")[0] == 403


@case
def json_output_has_the_members_of_the_api(grid):
    jobs = answer(grid, "jobs")
    assert [job["id"] for job in jobs["items"]] == [1], jobs
    job = answer(grid, "job", "show", 1)
    assert job == {**jobs["items"][0], **job} and job == grid.job(1), job
    counts = dict.fromkeys(("ready", "assigned", "rendering", "checking", "failed", "cancelled"), 0)
    assert job["state"] == "finished" and job["tasks"] == {"total": 4, "finished": 4, **counts}, job
    assert job["progress"] == 1 and job["owner"]["name"] == "anna" and job["wait_reason"] is None, job
    frames = answer(grid, "job", "show", 1, "--frames")["items"]
    assert [task["frame"] for task in frames] == [1, 2, 3, 5], frames
    assert all(task["state"] == "finished" and task["slave"]["name"] == "attic" for task in frames), frames
    assert all(task["wall_ms"] > 0 and task["failure_count"] == 0 for task in frames), frames
    status = answer(grid, "status")
    assert status["slaves"]["online"] == 1 and status["frames"]["finished"] >= 4, status
    assert answer(grid, "slave", "show", grid.slaves[0].id)["frames_finished"] == 4


@case
def each_kind_of_failure_has_its_exit_code(grid):
    anna(grid, "job", "show", 999, check=4)
    anna(grid, "frobnicate", check=2)
    anna(grid, "submit", os.path.join(scenes(), "plain.blend"), "--frames", "10-1", check=2)
    anna(grid, "submit", os.path.join(scenes(), "text.blend"), check=1)
    anna(grid, "delete", 999, check=4)
    grid.cli("jobs", user="nobody", check=3)
    unreachable = grid.cli("--server", "https://localhost:9", "jobs", check=5)
    assert "localhost:9" in unreachable.stderr, unreachable.stderr


@case
def other_users_can_neither_read_nor_change_a_job_or_a_slave(grid):
    for words in (["job", "show", 1], ["cancel", 1], ["delete", 1], ["pause", 1], ["download", 1, "nowhere"],
                  ["slave", "show", grid.slaves[0].id], ["slave", "revoke", grid.slaves[0].id]):
        done = grid.cli(*words, user="ben")
        assert done.returncode in (3, 4), (words, done.returncode, done.stderr)
    assert json.loads(grid.cli("jobs", "--json", user="ben", check=0).stdout)["items"] == []
    grid.cli("jobs", "--all", user="ben", check=3)
    assert grid.job(1)["state"] == "finished"


@case
def a_job_is_paused_resumed_cancelled_and_deleted(grid):
    job = submit(grid, "slow.blend", "--frames", "1-8", "--name", "long one")
    wait_until("a frame is rendering", lambda: grid.rendering(job) > 0)
    assert answer(grid, "slave", "show", grid.slaves[0].id)["current_tasks"][0]["job_id"] == job
    anna(grid, "delete", job, check=1)
    anna(grid, "pause", job)
    wait_until("the rendering frame ends", lambda: grid.rendering(job) == 0)
    paused = grid.job(job)
    assert paused["state"] == "paused" and paused["tasks"]["finished"] < 8, paused
    other = submit(grid, "plain.blend", "--frames", "1")  # the slave accepts other jobs
    finish(grid, other)
    assert grid.job(job)["tasks"]["finished"] == paused["tasks"]["finished"], grid.job(job)
    anna(grid, "resume", job)
    grid.wait_frames(job, paused["tasks"]["finished"] + 1)
    anna(grid, "cancel", job)
    cancelled = grid.job(job)
    assert cancelled["state"] == "cancelled" and cancelled["name"] == "long one", cancelled
    anna(grid, "job", "show", job, "--wait", check=1)
    anna(grid, "delete", job)
    assert anna(grid, "job", "show", job, check=4).stderr.strip()
    wait_until("its folder is deleted", lambda: not os.path.exists(os.path.join(grid.home, "stor", f"job{job}")))


@case
def a_cancelled_job_cannot_be_resumed(grid):
    job = submit(grid, "plain.blend", "--frames", "7-8", "--paused")
    assert grid.job(job)["state"] == "paused"
    anna(grid, "cancel", job)
    for word in ("requeue", "resume", "pause"):
        assert anna(grid, word, job, check=1).stderr.strip(), word
    assert grid.job(job)["state"] == "cancelled" and grid.job(job)["tasks"]["finished"] == 0, grid.job(job)


@case
def a_scene_is_uploaded_with_its_textures_packed_or_not(grid):
    textured = submit(grid, "textured.blend", "--frames", "1")
    packed = submit(grid, "packed.blend", "--frames", "1")
    first, second = finish_all(grid, textured, packed)
    assert compare_images(first, second)["verdict"] == "match", compare_images(first, second)
    plain = os.path.join(grid.output(1), "0001.png")
    assert compare_images(first, plain)["verdict"] == "differs", compare_images(first, plain)
    assert not grid.job(textured)["findings"], grid.job(textured)
    assert os.path.exists(os.path.join(grid.home, "stor", f"job{textured}", "tex", "checker.png"))


@case
def a_linked_library_above_the_scene_is_uploaded_from_its_root(grid):
    film = os.path.join(grid.folder, "film")
    for part in ("shots", "lib"):
        shutil.copytree(os.path.join(scenes(), part), os.path.join(film, part))
    alone = anna(grid, "submit", os.path.join(film, "shots", "linked.blend"), "--frames", "1", "--paused")
    assert "lib.blend" in alone.stderr, alone.stderr
    job = answer(grid, "submit", os.path.join(film, "shots", "linked.blend"), "--frames", "1", "--root", film)["id"]
    frame = finish(grid, job)[0]
    assert grid.job(job)["main_file"] == "shots/linked.blend" and not grid.job(job)["findings"], grid.job(job)
    plain = os.path.join(grid.output(1), "0001.png")
    assert compare_images(frame, plain)["verdict"] == "match", compare_images(frame, plain)


@case
def compressed_scenes_render_as_the_plain_one(grid):
    plain = os.path.join(grid.output(1), "0001.png")
    for frame in finish_all(grid, *[submit(grid, name, "--frames", "1") for name in ("gzip.blend", "zstd.blend")]):
        assert compare_images(frame, plain)["verdict"] == "match", compare_images(frame, plain)


@case
def another_camera_and_another_scene_change_the_image(grid):
    plain = os.path.join(grid.output(1), "0005.png")
    side, second = finish_all(grid, submit(grid, "plain.blend", "--frames", "5", "--camera", "Side"),
                              submit(grid, "plain.blend", "--frames", "5", "--scene", "Second", "--camera", "SecondSide"))
    assert compare_images(side, plain)["verdict"] == "differs", compare_images(side, plain)
    assert compare_images(side, second)["verdict"] == "match", compare_images(side, second)
    # Without --frames the chosen scene's own range counts: "Second" ends with frame 3.
    job = submit(grid, "plain.blend", "--scene", "Second")
    finish(grid, job)
    assert [task["frame"] for task in grid.tasks(job)] == [1, 2, 3], grid.tasks(job)


@case
def samples_resolution_and_format_are_applied(grid):
    exr = submit(grid, "plain.blend", "--frames", "1", "--samples", "4", "--resolution", "50%", "--format", "EXR")
    jpeg = submit(grid, "plain.blend", "--frames", "1", "--format", "JPEG", "--engine", "CYCLES")
    first, second = finish_all(grid, exr, jpeg)
    parameters = grid.job(exr)["parameters"]
    assert parameters["samples"] == 4 and parameters["percentage"] == 50, parameters
    assert os.path.basename(first) == "0001.exr" and os.path.basename(second) in ("0001.jpg", "0001.jpeg"), (first, second)
    good = check_image(first, "--width", 32, "--height", 18, "--format", "OPEN_EXR")
    assert good.returncode == 0, good.stdout
    good = check_image(second, "--width", 64, "--height", 36, "--format", "JPEG")
    assert good.returncode == 0, good.stdout


@case
def files_that_the_server_has_are_not_uploaded_again(grid):
    done = anna(grid, "submit", os.path.join(scenes(), "plain.blend"), "--frames", "1", "--paused")
    assert "nothing uploaded" in done.stderr + done.stdout, done


@case
def a_revoked_slave_is_rejected(grid):
    shed = grid.add_slave("shed")
    anna(grid, "slave", "revoke", shed.id)
    wait_until("it is rejected", lambda: "revoked" in read_log(shed.log))
    shed.stop()
    grid.slaves.remove(shed)


if __name__ == "__main__":
    run(lambda: Grid(admin=False), Grid.evidence)
