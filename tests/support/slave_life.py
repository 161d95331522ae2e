#!/usr/bin/env python3
"""The whole life of distren-slave and distren-simpleslave against a server that the test plays. Prints TAP.

slave_life.py BUILD SOURCE     the folders of the built programs and of the source
Real programs, real sandbox where there is one; the renderer is a fake but in the last tests.
"""
import base64
import inspect
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fake_server import PATIENCE, FakeServer  # noqa: E402

BUILD, SOURCE = (os.path.abspath(a) for a in sys.argv[1:3])
SANDBOX = subprocess.run([BUILD + "/distren-slave", "--check-sandbox"], capture_output=True).returncode == 0
OK = {"type": "accepted"}


class Slave:
    """A slave process with its folder; started, stopped and started again at will."""

    def __init__(self, server, real=False, **settings):
        self.folder = tempfile.mkdtemp(prefix="distren-slave-")
        self.server = server
        methods = SOURCE + "/methods"
        if not real:
            methods = self.folder + "/methods"
            os.makedirs(methods)
            shutil.copy(SOURCE + "/methods/method.xsd", methods)
            shutil.copytree(SOURCE + "/methods/blender", methods + "/blender")
            os.makedirs(self.folder + "/program")
            shutil.copy(SOURCE + "/tests/support/fake_renderer.py", self.folder + "/program/renderer")
            os.chmod(self.folder + "/program/renderer", 0o755)
        values = {"server": "127.0.0.1", "port": server.port, "plain": True, "slavekey": "K1", "slavepassword": "s3cret",
                  "state": self.folder + "/state", "sandbox": "on" if SANDBOX else "off", "methods": methods,
                  "image_program": BUILD + "/distren-image", "threads": 2, **settings}
        with open(self.folder + "/slave.toml", "w") as file:
            for name, value in values.items():
                file.write("%s = %s\n" % (name, json.dumps(value)))
            if not real:
                file.write("[programs]\nblender = %s\n" % json.dumps(self.folder + "/program/renderer"))
        self.process = None
        self.path = os.environ["PATH"]

    def start(self, *arguments):
        self.log = open(self.folder + "/log", "ab")
        self.process = subprocess.Popen([BUILD + "/distren-slave", "--config", self.folder + "/slave.toml", *arguments],
                                        stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
                                        env={**os.environ, "PATH": self.path})
        return self

    def signed_on(self, *arguments):
        self.start(*arguments)
        return self.server.next_line()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE)

    def output(self):
        with open(self.folder + "/log", errors="replace") as file:
            return file.read()

    def outbox(self):
        try:
            return sorted(os.listdir(self.folder + "/state/outbox"))
        except FileNotFoundError:
            return []

    def wait_for_empty_outbox(self):
        until = time.monotonic() + PATIENCE
        while self.outbox():
            assert time.monotonic() < until, "the outbox keeps %s" % self.outbox()
            time.sleep(0.01)

    def clear(self):
        if self.process and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def accept(line, result):
    line.send({"type": "accepted", "attempt": result["attempt"]})


def frame(server, line, attempt, deed, frame=1, **changes):
    """One order to its result, accepted."""
    line.send(server.order(attempt, deed.encode(), frame, **changes))
    result = line.expect("result", attempt=attempt)
    accept(line, result)
    return result


def started_as(result):
    return [w for w in result["warnings"] if w.startswith("started as")]


# --- the straight path ---------------------------------------------------------------------------------------------


def it_signs_on_and_says_what_it_has(server, slave):
    line = slave.signed_on()
    assert line.sign_on["protocol"] == 1 and line.sign_on["slavekey"] == "K1", line.sign_on
    assert line.sign_on["slavepassword"] == "s3cret" and len(line.sign_on["instance"]) == 32
    hello = line.hello
    assert hello["methods"] == [{"name": "blender", "version": "3.4.1"}], hello
    assert hello["slots"] == 1 and hello["cores"] >= 1 and hello["memory"] > 0 and hello["holding"] == []


def an_order_becomes_a_picture_and_a_result(server, slave):
    line = slave.signed_on()
    result = frame(server, line, 5, "good", 3)
    assert result["state"] == "done" and result["lease"] == "lease-5", result
    assert result["output"]["name"] == "0003.png" and result["memory"] >= 0 and result["wall"] >= 0, result
    data = server.uploaded(result)
    assert data.startswith(b"\x89PNG") and len(data) == result["output"]["size"]
    upload = server.uploads[result["output"]["upload"]]
    assert upload["sha256"] == result["output"]["sha256"] and "attempt=5" in upload["query"]
    slave.wait_for_empty_outbox()


def frames_of_a_job_share_program_and_files(server, slave):
    line = slave.signed_on()
    first = frame(server, line, 1, "good", 1)
    second = frame(server, line, 2, "good", 2)
    other = frame(server, line, 3, "good # another", 1, job=2)
    assert started_as(first) == started_as(second) != started_as(other), (first, second, other)
    assert len(server.gets) == 2, server.gets
    assert server.uploaded(first) != server.uploaded(second)


def files_are_laid_out_at_their_paths(server, slave):
    line = slave.signed_on()
    texture = b"t" * 1000
    files = [("video/a/scene.blend", server.add(b"good"), 4), ("img/t.png", server.add(texture), len(texture))]
    assert frame(server, line, 1, "good", files=files)["state"] == "done"
    jobs = slave.folder + "/state/jobs/"
    (job,) = os.listdir(jobs)
    with open(jobs + job + "/img/t.png", "rb") as file:
        assert file.read() == texture


def progress_is_told(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang", renew=3000))
    # The lease is kept alive while the renderer is silent.
    line.expect("progress", attempt=1, fraction=0.25)
    line.expect("progress", attempt=1, fraction=0.25)


def once_ends_after_one_frame(server, slave):
    line = slave.signed_on("--once")
    assert frame(server, line, 1, "good")["state"] == "done"
    assert slave.process.wait(timeout=PATIENCE) == 0, slave.output()
    assert slave.outbox() == []


# --- what renderers do ---------------------------------------------------------------------------------------------


def failed(server, slave, deed, *words, **changes):
    line = slave.signed_on()
    result = frame(server, line, 1, deed, **changes)
    assert result["state"] == "failed", result
    for word in words:
        assert word in result["reason"], result
    slave.wait_for_empty_outbox()
    good = frame(server, line, 2, "good", job=2)
    assert good["state"] == "done", good
    return result


def a_problem_is_told_in_the_renderers_words(server, slave):
    failed(server, slave, "problem", 'the camera "Nope" is not in the file')


def a_crash_is_a_failure_with_its_signal(server, slave):
    result = failed(server, slave, "crash", "signal 11")
    assert "about to crash" in result["log"], result


def a_known_message_explains_the_failure(server, slave):
    failed(server, slave, "damaged", "damaged")


def a_picture_of_the_wrong_size_is_a_failure(server, slave):
    failed(server, slave, "small", "4")


def text_instead_of_a_picture_is_a_failure(server, slave):
    failed(server, slave, "text", "picture")


def done_without_a_picture_is_a_failure(server, slave):
    failed(server, slave, "nothing", "no picture")


def a_link_instead_of_a_picture_is_a_failure(server, slave):
    failed(server, slave, "link", "not a plain file")


def a_picture_beyond_the_limit_is_a_failure(server, slave):
    failed(server, slave, "huge", "allows")


def the_deadline_ends_a_frame(server, slave):
    failed(server, slave, "hang", "longer than", deadline=1500)


def a_program_that_dies_of_age_is_started_anew(server, slave):
    line = slave.signed_on()
    first = frame(server, line, 1, "crash when old", 1)
    second = frame(server, line, 2, "crash when old", 2)
    assert first["state"] == second["state"] == "done", second
    assert started_as(first) != started_as(second)


def a_program_that_can_only_go_on_is_started_anew_for_another_frame(server, slave):
    line = slave.signed_on()
    programs = []
    for attempt, number in enumerate((1, 2, 4, 8, 7), 1):
        result = frame(server, line, attempt, "walk", number)
        assert result["state"] == "done", result
        programs.append(str(started_as(result)))
    assert programs[0] == programs[1] == programs[2] and len(set(programs)) == 3, programs
    result = frame(server, line, 9, "walk", 8, parameters={"samples": 2})
    assert str(started_as(result)) != programs[-1], "the same program went on with other parameters"


def a_program_whose_memory_grew_is_started_anew(server, slave):
    line = slave.signed_on()
    programs = [str(started_as(frame(server, line, number, "grow", number))) for number in range(1, 7)]
    assert len(set(programs[:4])) == 1 and len(set(programs[4:])) == 1 and len(set(programs)) == 2, programs


def nothing_but_the_cache_outlives_a_program(server, slave):
    line = slave.signed_on()
    first = frame(server, line, 1, "plant")
    assert first["state"] == "done", first
    second = frame(server, line, 2, "plant # another job", job=2)
    assert "found .cache/kept" in second["warnings"] and "found planted" not in second["warnings"], second


nothing_but_the_cache_outlives_a_program.missing = None if SANDBOX else "there is no sandbox here"


# --- what servers do -----------------------------------------------------------------------------------------------


def a_cancelled_frame_ends_without_a_result(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang"))
    line.expect("progress", attempt=1)
    line.send({"type": "cancel", "attempt": 1, "reason": "job 1 was cancelled by its owner"})
    assert frame(server, line, 2, "good", job=2)["state"] == "done"
    assert not [m for m in line.kept if m["type"] == "result" and m["attempt"] == 1], line.kept


def paths_outside_the_job_are_refused(server, slave):
    line = slave.signed_on()
    digest = server.add(b"good")
    for attempt, path in enumerate(["../scene.blend", "/tmp/scene.blend", "a/../../b.blend", "x\\y.blend"], 1):
        result = frame(server, line, attempt, "good", files=[(path, digest, 4)])
        assert result["state"] == "failed", result
    assert server.gets == []


def wrong_parameters_are_refused_by_name(server, slave):
    failed(server, slave, "good", "samples", parameters={"samples": -3})


def a_newer_file_is_refused_with_both_versions(server, slave):
    failed(server, slave, "good", "4.2", "3.4.1", version="4.2")


def an_unknown_method_is_refused(server, slave):
    failed(server, slave, "good", "maya", method="maya")


def a_file_that_is_not_what_was_announced_is_refused(server, slave):
    line = slave.signed_on()
    digest = server.add(b"good")
    server.blobs[digest] = b"evil"
    result = frame(server, line, 1, "x", files=[("scene.blend", digest, 4)])
    assert result["state"] == "failed" and "SHA-256" in result["reason"], result


def a_download_is_resumed_where_it_broke(server, slave):
    server.cut_downloads = 1
    line = slave.signed_on()
    assert frame(server, line, 1, "good" + " " * 5000)["state"] == "done"
    assert server.gets[1][1] == "bytes=2502-", server.gets


def an_order_beyond_its_room_is_given_back(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang"))
    line.expect("progress", attempt=1)
    result = frame(server, line, 2, "good")
    assert result["state"] == "returned" and "room" in result["reason"], result


an_order_beyond_its_room_is_given_back.settings = {"orders": 1}


def a_second_order_waits_where_that_is_wanted(server, slave):
    line = slave.signed_on()
    assert line.hello["slots"] == 1 and line.hello["orders"] == 2
    for attempt in (1, 2):
        line.send(server.order(attempt, b"good", attempt))
    for attempt in (1, 2):
        result = line.expect("result", attempt=attempt)
        assert result["state"] == "done", result
        accept(line, result)


a_second_order_waits_where_that_is_wanted.settings = {"orders": 2}


def files_of_the_next_order_come_while_a_frame_is_rendered(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang"))
    line.expect("progress", attempt=1)
    before = len(server.gets)
    line.send(server.order(2, b"good", job=2))
    end = time.monotonic() + PATIENCE
    while len(server.gets) == before or not any(name.startswith("2-") and not name.endswith(".new")
                                                for name in os.listdir(slave.folder + "/state/jobs")):
        assert time.monotonic() < end, "the files of the second order were not fetched"
        time.sleep(0.02)
    got = len(server.gets)
    line.send({"type": "cancel", "attempt": 1, "reason": "job 1 was cancelled by its owner"})
    assert line.expect("result", attempt=2)["state"] == "done"
    assert len(server.gets) == got, server.gets


files_of_the_next_order_come_while_a_frame_is_rendered.settings = {"orders": 2}


def garbage_is_answered_and_survived(server, slave):
    line = slave.signed_on()
    line.send_bytes(b"garbage\n[1,2]\n{}\n\n" + b"\xff\xfe\n")
    line.expect("error")
    line.send({"type": "dance"})
    assert "dance" in line.expect("error", message="unknown type dance")["message"]
    line.send({"type": "order"})
    line.send({"type": "accepted", "attempt": "x"})
    line.send({"type": "ping"})
    line.expect("pong")
    assert frame(server, line, 1, "good")["state"] == "done"


def a_refused_slave_says_why_and_tries_again(server, slave):
    server.refusal = {"type": "refused", "code": "denied", "message": "no such slave or wrong password", "retry": 10}
    slave.start("--once")
    assert slave.process.wait(timeout=PATIENCE) == 3
    assert "no such slave or wrong password" in slave.output() and "s3cret" not in slave.output()
    server.refusal = {**server.refusal, "code": "unavailable"}
    slave.start()
    until = time.monotonic() + PATIENCE
    while slave.output().count("no connection") < 2:
        assert time.monotonic() < until, slave.output()
        time.sleep(0.01)
    server.refusal = None
    server.next_line()


# --- nothing is lost -----------------------------------------------------------------------------------------------


def a_result_is_said_again_after_a_lost_connection(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"good"))
    line.expect("result", attempt=1)
    line.close()
    line = server.next_line()
    assert line.hello["holding"] == [{"attempt": 1, "lease": "lease-1"}], line.hello
    accept(line, line.expect("result", attempt=1))
    slave.wait_for_empty_outbox()
    assert len(server.uploads) == 1


def a_render_goes_on_while_the_server_is_away(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang"))
    line.expect("progress", attempt=1)
    line.close()
    line = server.next_line()
    assert line.hello["holding"] == [{"attempt": 1, "lease": "lease-1"}], line.hello
    line.send(server.order(1, b"hang", lease="lease-again"))  # is ours already: no second render
    line.send({"type": "cancel", "attempt": 1, "reason": "test"})
    assert frame(server, line, 2, "good", job=2)["state"] == "done"


def a_result_survives_kill_9_and_is_handed_in(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"good"))
    result = line.expect("result", attempt=1)
    slave.kill()
    assert slave.outbox() == ["1"]
    line = slave.signed_on()
    assert line.hello["holding"] == [{"attempt": 1, "lease": "lease-1"}], line.hello
    again = line.expect("result", attempt=1)
    assert again == result, (again, result)
    accept(line, again)
    slave.wait_for_empty_outbox()


def a_picture_not_yet_uploaded_survives_kill_9(server, slave):
    server.cut_uploads = 1000
    line = slave.signed_on()
    line.send(server.order(1, b"good"))
    until = time.monotonic() + PATIENCE
    while slave.outbox() != ["1"]:
        assert time.monotonic() < until
        time.sleep(0.01)
    slave.kill()
    server.cut_uploads = 0
    line = slave.signed_on()
    result = line.expect("result", attempt=1)
    assert server.uploaded(result).startswith(b"\x89PNG")
    accept(line, result)
    slave.wait_for_empty_outbox()


def kill_9_in_mid_render_leaves_nothing_behind(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang"))
    line.expect("progress", attempt=1)
    slave.kill()
    line = slave.signed_on()
    assert line.hello["holding"] == [], line.hello
    assert frame(server, line, 2, "good")["state"] == "done"


def a_result_no_longer_wanted_is_dropped(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"good"))
    line.expect("result", attempt=1)
    line.send({"type": "cancel", "attempt": 1, "reason": "job 1 is over"})
    slave.wait_for_empty_outbox()


def retry_means_later_and_upload_means_again(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"good"))
    first = line.expect("result", attempt=1)
    line.send({"type": "retry", "attempt": 1, "after": 100, "reason": "the database is away"})
    assert line.expect("result", attempt=1) == first
    server.uploads.clear()
    line.send({"type": "retry", "attempt": 1, "after": 100, "upload": True})
    result = line.expect("result", attempt=1)
    assert server.uploaded(result).startswith(b"\x89PNG")
    accept(line, result)
    slave.wait_for_empty_outbox()


def a_rejected_picture_is_forgotten(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"good"))
    line.expect("result", attempt=1)
    line.send({"type": "rejected", "attempt": 1, "reason": "the image is 8x6, the job asks for 9x9"})
    slave.wait_for_empty_outbox()


def a_picture_that_may_not_be_uploaded_is_given_back(server, slave):
    server.refuse_uploads = 403
    line = slave.signed_on()
    result = frame(server, line, 1, "good")
    assert result["state"] == "returned" and "too old" in result["reason"], result
    slave.wait_for_empty_outbox()


def sigterm_gives_the_frame_back_and_ends_well(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang"))
    line.expect("progress", attempt=1)
    slave.process.send_signal(signal.SIGTERM)
    result = line.expect("result", attempt=1)
    assert result["state"] == "returned" and "stopped" in result["reason"], result
    accept(line, result)
    assert slave.process.wait(timeout=PATIENCE) == 0, slave.output()


# --- what the volunteer says -----------------------------------------------------------------------------------------


def say(slave, *command, status=0):
    done = subprocess.run([BUILD + "/distren-slave", *command, "--config", slave.folder + "/slave.toml"],
                          capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == status, done
    return json.loads(done.stdout) if status == 0 else done.stderr


def program_states(slave):
    """States of all processes that the slave has started, as the kernel calls them; T stands still."""
    parents, states = {}, {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % name) as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        states[int(name)], parents[int(name)] = fields[0], int(fields[1])
    found = {slave.process.pid}
    while True:
        more = {each for each, parent in parents.items() if parent in found} - found
        if not more:
            return [states[each] for each in found if each != slave.process.pid and states[each] != "Z"]
        found |= more


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def a_paused_slave_stands_still_and_goes_on(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang"))
    line.expect("progress", attempt=1)
    status = say(slave, "status")
    assert status["state"] == "rendering" and status["attempt"] == 1 and status["connected"], status
    status = say(slave, "pause")
    assert status["state"] == "suspended" and "you paused" in status["reason"], status
    assert line.expect("hello")["slots"] == 0
    until(lambda: set(program_states(slave)) == {"T"}, "programs go on: %s" % program_states(slave))
    assert say(slave, "resume")["state"] == "rendering"
    assert line.expect("hello")["slots"] == 1
    until(lambda: "T" not in program_states(slave), "programs stand still: %s" % program_states(slave))


def what_a_paused_slave_has_not_begun_is_given_back(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang"))
    line.expect("progress", attempt=1)
    line.send(server.order(2, b"good"))
    until(lambda: say(slave, "status")["waiting"] == 1, "the second order does not wait")
    say(slave, "pause")
    result = line.expect("result", attempt=2)
    assert result["state"] == "returned" and "needed" in result["reason"], result
    assert [m["slots"] for m in line.kept if m["type"] == "hello"] == [0], line.kept


def a_frame_cancelled_while_its_picture_is_looked_at_is_not_handed_in(server, slave):
    line = slave.signed_on()
    for attempt in range(1, 4):
        line.send(server.order(attempt, b"good", attempt))
    line.send({"type": "cancel", "attempt": 1, "reason": "job 1 was cancelled by its owner"})
    for attempt in (2, 3):
        accept(line, line.expect("result", attempt=attempt))
    said = [m for m in line.kept if m["type"] == "result" and m["attempt"] == 1]
    for each in said:  # it was faster than the cancel
        accept(line, each)
    slave.wait_for_empty_outbox()


def the_last_words_of_a_renderer_are_told_when_asked(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"chatter"))
    line.expect("progress", attempt=1)
    line.send({"type": "log", "attempt": 1})
    text = line.expect("log", attempt=1)["text"]
    assert len(text) <= 16384 and text.endswith("Fra:1 | Sample 1/4\n"), text
    assert "line 2999" in text and "\x1b" not in text and "line 5 " not in text, text
    assert slave.folder + "/state" not in text, text
    line.send({"type": "log", "attempt": 99})
    assert line.expect("log", attempt=99)["text"] == ""


DRIVEN = """
import bpy
cube = bpy.data.objects["Cube"]
text = bpy.data.texts.new("run.py")
text.write("import bpy\\nbpy.app.driver_namespace['big'] = lambda: 40.0\\n")
text.use_module = True
cube.driver_add("scale", 0).driver.expression = "big()"
bpy.context.scene.render.engine = "BLENDER_WORKBENCH"
bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y = 64, 36
bpy.ops.wm.save_as_mainfile(filepath=%r)
"""


def scripts_run_for_owners_whom_the_volunteer_names_and_for_nobody_else(server, slave):
    scene = made_scene(slave, DRIVEN)
    line = slave.signed_on()
    output = {"name": "0001.png", "format": "PNG", "width": 64, "height": 36, "limit": 1 << 20}
    pictures = []
    for attempt, owner in ((1, {"id": 5, "name": "anna"}), (2, {"id": 6, "name": "bob"})):
        line.send(server.order(attempt, scene, 1, job=attempt, output=output, owner=owner, parameters={"scripts": "allowed"}))
        result = line.expect("result", attempt=attempt)
        assert result["state"] == "done", result
        assert (owner["id"] == 6) == any("blocked" in w for w in result.get("warnings", ())), (owner, result)
        pictures.append(server.uploaded(result))
        accept(line, result)
    assert pictures[0] != pictures[1], "the script changed nothing"


scripts_run_for_owners_whom_the_volunteer_names_and_for_nobody_else.real = True
scripts_run_for_owners_whom_the_volunteer_names_and_for_nobody_else.settings = {
    "trust.owners": ["anna", "99"], "trust.scripts": True}
scripts_run_for_owners_whom_the_volunteer_names_and_for_nobody_else.missing = (
    None if shutil.which("blender") and SANDBOX else "there is no Blender, or no sandbox")


SYSTEMD_RUN = """#!/bin/sh
printf '%s\\n' "$*" >>"$(dirname "$0")/groups"
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""


def give_systemd(slave):
    os.makedirs(slave.folder + "/bin")
    with open(slave.folder + "/bin/systemd-run", "w") as file:
        file.write(SYSTEMD_RUN)
    os.chmod(slave.folder + "/bin/systemd-run", 0o755)
    slave.path = slave.folder + "/bin:" + os.environ["PATH"]


def a_renderer_gets_a_control_group_where_there_is_one(server, slave):
    give_systemd(slave)
    line = slave.signed_on()
    assert frame(server, line, 1, "good")["state"] == "done"
    with open(slave.folder + "/bin/groups") as file:
        groups = file.read().splitlines()
    assert len(groups) == 2 and "/bin/true" in groups[0], groups
    for word in ("--user --scope", "MemoryMax=900M", "TasksMax=77", "CPUQuota=200%", " -- "):
        assert word in groups[1], groups


a_renderer_gets_a_control_group_where_there_is_one.settings = {"memory_mib": 900, "tasks": 77}


def without_control_groups_the_slave_says_so_and_renders(server, slave):
    slave.path = "/usr/local/bin:/usr/bin:/bin"
    line = slave.signed_on()
    assert frame(server, line, 1, "good")["state"] == "done"
    if not shutil.which("systemd-run", path=slave.path):
        assert "no control groups: there is no systemd-run" in slave.output(), slave.output()


def a_slave_that_insists_on_control_groups_does_not_start_without(server, slave):
    give_systemd(slave)
    with open(slave.folder + "/bin/systemd-run", "w") as file:
        file.write("#!/bin/sh\necho 'Failed to connect to bus: No medium found' >&2\nexit 1\n")
    slave.start()
    assert slave.process.wait(timeout=PATIENCE) == 5, slave.output()
    assert "no control groups" in slave.output() and "No medium found" in slave.output(), slave.output()


a_slave_that_insists_on_control_groups_does_not_start_without.settings = {"cgroup": "on"}


def graphics_cards_are_neither_offered_nor_used_unless_lent(server, slave):
    line = slave.signed_on()
    assert line.hello["gpus"] == [] and line.hello["methods"][0]["version"] == "3.4.1", line.hello
    assert not [w for w in frame(server, line, 1, "good")["warnings"] if w.startswith("devices")]


def graphics_cards_that_are_lent_are_offered_and_used(server, slave):
    line = slave.signed_on()
    version = line.hello["methods"][0]["version"]
    assert line.hello["gpus"] == ["NVIDIA Fake 9"] and version.startswith("3.4.1+optix-"), line.hello
    result = frame(server, line, 1, "good", version=version)
    assert "devices OPTIX:OPTIX_0" in result["warnings"], result
    assert result["cpu"] >= 2 * result["wall"], result  # the whole machine was lent, whatever its processor did


graphics_cards_that_are_lent_are_offered_and_used.settings = {"gpu.devices": ["auto"]}


def a_graphics_card_is_chosen_by_a_word_of_its_name(server, slave):
    line = slave.signed_on()
    assert line.hello["gpus"] == ["AMD Fake 3"], line.hello
    assert "devices HIP:HIP_0" in frame(server, line, 1, "good")["warnings"]
    result = frame(server, line, 2, "no card", job=2)
    assert result["state"] == "returned" and "not there any more" in result["reason"], result
    assert 'no device is \"Voodoo\"' in slave.output() or 'no device is "Voodoo"' in slave.output(), slave.output()


a_graphics_card_is_chosen_by_a_word_of_its_name.settings = {"gpu.devices": ["amd", "Voodoo"]}


def a_server_that_asks_is_told_of_the_machine(server, slave):
    server.welcome["telemetry"] = 1000
    line = slave.signed_on()
    first, second = line.expect("telemetry"), line.expect("telemetry")
    assert first["state"] == "idle" and first["memory"] > 0 and first["disk_free"] > 0 and "load" in first, first
    assert 0 <= second["cpu"] <= 100, second


def a_server_that_does_not_ask_is_told_nothing(server, slave):
    line = slave.signed_on()
    assert frame(server, line, 1, "good")["state"] == "done"
    assert not [message for message in line.kept if message["type"] == "telemetry"], line.kept


def signals_pause_and_resume(server, slave):
    line = slave.signed_on()
    slave.process.send_signal(signal.SIGUSR1)
    assert line.expect("hello")["slots"] == 0
    line.send(server.order(1, b"good"))
    assert line.expect("result", attempt=1)["state"] == "returned"  # it crossed the pause on its way
    slave.process.send_signal(signal.SIGUSR2)
    assert line.expect("hello")["slots"] == 1


def a_frame_that_stands_still_for_too_long_is_given_back(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang"))
    line.expect("progress", attempt=1)
    say(slave, "pause", "--minutes", "60")
    result = line.expect("result", attempt=1)
    assert result["state"] == "returned" and "was needed" in result["reason"], result
    accept(line, result)
    say(slave, "resume")
    assert frame(server, line, 2, "good", job=2)["state"] == "done"


a_frame_that_stands_still_for_too_long_is_given_back.settings = {"neighbour.give_back_minutes": 0}


def what_is_blocked_is_said_kept_and_given_back(server, slave):
    assert say(slave, "block", "user", "mallory")["users"] == ["mallory"]  # before it runs
    line = slave.signed_on()
    assert line.hello["blocks"] == {"users": ["mallory"], "projects": [], "jobs": []}, line.hello
    line.send(server.order(1, b"hang", job=5))
    line.expect("progress", attempt=1, fraction=0.25)
    assert say(slave, "block", "job", "5")["jobs"] == [5]
    assert line.expect("hello")["blocks"]["jobs"] == [5]
    result = line.expect("result", attempt=1)
    assert result["state"] == "returned" and "blocked this job" in result["reason"], result
    accept(line, result)
    line.send(server.order(2, b"good", job=5))  # it crossed the hello on its way
    result = line.expect("result", attempt=2)
    assert result["state"] == "returned", result
    accept(line, result)
    assert frame(server, line, 3, "good", job=6)["state"] == "done"
    slave.kill()
    assert say(slave, "blocks")["jobs"] == [5]
    line = slave.signed_on()
    assert line.hello["blocks"]["jobs"] == [5], line.hello
    say(slave, "unblock", "job", "5")
    assert line.expect("hello")["blocks"]["jobs"] == []
    assert frame(server, line, 4, "good", job=5)["state"] == "done"
    assert "no number" in say(slave, "block", "job", "five", status=1)


def a_frame_that_takes_longer_than_is_lent_goes_back(server, slave):
    line = slave.signed_on()
    assert line.hello["minutes_per_frame"] == 1, line.hello
    line.send(server.order(1, b"hang", renew=3000))
    begun = time.monotonic()
    line.expect("progress", attempt=1, fraction=0.25)
    while time.monotonic() < begun + 55:  # messages come meanwhile; the last part of the minute is awaited below
        line.expect("progress", attempt=1)
    result = line.expect("result", attempt=1)
    assert result["state"] == "returned" and result["code"] == "too_long", result
    assert result["reason"] == "it took longer than the 1 minutes that this slave lends", result
    assert time.monotonic() - begun >= 59
    accept(line, result)
    assert frame(server, line, 2, "good", job=2)["state"] == "done"


a_frame_that_takes_longer_than_is_lent_goes_back.settings = {"limits.minutes_per_frame": 1}


def settings_from_afar_hold_at_once_and_over_a_restart(server, slave):
    line = slave.signed_on()
    assert line.hello["settings"]["threads"] == 2 and line.hello["settings"]["paused"] is False, line.hello
    memory = line.hello["memory"]
    assert frame(server, line, 1, "good")["state"] == "done"
    line.send({"type": "settings", "threads": 1, "memory": 10**9, "minutes_per_frame": 7, "nonsense": [1]})
    hello = line.expect("hello")
    assert hello["cores"] == 1 and hello["memory"] == memory and hello["minutes_per_frame"] == 7, hello
    line.send({"type": "settings", "paused": True, "schedule": ["sometimes"]})
    hello = line.expect("hello", slots=0)
    assert hello["settings"]["paused"] and "sometimes" in hello["settings"]["problems"][0], hello
    assert hello["cores"] == 2 and "minutes_per_frame" not in hello, hello
    until(lambda: say(slave, "status")["may_work"] is False, "the pause from afar holds")
    assert "from afar" in say(slave, "status")["reason"]
    slave.kill()
    server.welcome["settings"] = {"threads": 1}
    line = slave.signed_on()
    assert line.hello["cores"] == 1 and not line.hello["settings"]["paused"], line.hello
    if line.hello["slots"] == 0:
        line.expect("hello", slots=1)  # it stood still until it was asked again
    assert frame(server, line, 2, "good")["state"] == "done"


settings_from_afar_hold_at_once_and_over_a_restart.settings = {"neighbour.remote_settings": True}


def settings_from_afar_are_refused_by_default(server, slave):
    server.welcome["settings"] = {"paused": True, "threads": 1}
    line = slave.signed_on()
    assert "settings" not in line.hello and line.hello["slots"] == 1 and line.hello["cores"] == 2, line.hello
    line.send({"type": "settings", "paused": True})
    assert frame(server, line, 1, "good")["state"] == "done"
    assert "remote_settings = true" in slave.output()


def downloads_keep_to_their_limit(server, slave):
    line = slave.signed_on()
    data = os.urandom(6 << 20)
    begun = time.monotonic()
    files = [("scene.blend", server.add(b"good"), 4), ("t.bin", server.add(data), len(data))]
    assert frame(server, line, 1, "good", files=files)["state"] == "done"
    assert time.monotonic() - begun > 2, time.monotonic() - begun  # 6 MiB by 1 MiB/s, but for a first burst


downloads_keep_to_their_limit.settings = {"limits.download_kib": 1024}


def finish_ends_the_slave_after_what_it_has(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"good"))
    result = line.expect("result", attempt=1)
    assert say(slave, "finish")["finishing"]
    accept(line, result)
    assert slave.process.wait(timeout=PATIENCE) == 0, slave.output()
    assert "no slave of yours" in say(slave, "status", status=5)


def a_schedule_that_excludes_now_means_no_work(server, slave):
    line = slave.signed_on()
    until(lambda: not say(slave, "status")["may_work"], "it works outside its schedule")
    assert "schedule" in say(slave, "status")["reason"]
    line.send(server.order(1, b"good"))
    assert line.expect("result", attempt=1)["state"] == "returned"


# Three hours that cannot be now, however long the test waits.
a_schedule_that_excludes_now_means_no_work.settings = {
    "neighbour.schedule": ["daily %02d:00-%02d:00" % ((time.localtime().tm_hour + 12) % 24,
                                                      (time.localtime().tm_hour + 15) % 24)]}


def a_second_slave_in_the_same_folder_is_refused(server, slave):
    slave.signed_on()
    other = subprocess.run([BUILD + "/distren-slave", "--config", slave.folder + "/slave.toml"], capture_output=True,
                           text=True, timeout=PATIENCE)
    assert other.returncode == 1 and "another slave works in" in other.stderr, other


def check_tells_what_works(server, slave):
    slave.start("--check")
    assert slave.process.wait(timeout=PATIENCE) == 0, slave.output()
    for word in ("Blender 3.4.1", "signed on as attic", "sandbox"):
        assert word in slave.output(), slave.output()


def a_setting_that_does_not_exist_is_named(server, slave):
    slave.start()
    assert slave.process.wait(timeout=PATIENCE) == 1
    assert "colour" in slave.output(), slave.output()


a_setting_that_does_not_exist_is_named.settings = {"colour": "red"}


# --- over HTTPS alone ----------------------------------------------------------------------------------------------


def simple(server, slave, deed, orders=1):
    """Runs distren-simpleslave --once; its result."""
    pending = [server.order(i + 1, deed.encode()) for i in range(orders)]
    results = []
    server.answers = {
        "hello": lambda body: (200, {"type": "welcome", "name": "attic", "url": server.url}),
        "order": lambda body: (200, pending.pop(0)) if pending else (204, None),
        "progress": lambda body: (204, None),
        "result": lambda body: results.append(body) or (200, {"type": "accepted", "attempt": body["attempt"]}),
    }
    secret = slave.folder + "/secret"
    with open(secret, "w") as file:
        file.write("s3cret\n")
    os.chmod(secret, 0o600)
    methods = slave.folder + "/methods"
    with open(methods + "/blender/method.xml") as file:
        text = file.read()
    with open(methods + "/blender/method.xml", "w") as file:
        file.write(text.replace('<program name="blender">', '<program name="renderer">'))
    done = subprocess.run(
        [BUILD + "/distren-simpleslave", "--server", server.url, "--slavekey", "K1", "--slavepassword-file", secret,
         "--work-dir", slave.folder + "/state", "--methods", methods, "--once"] + ([] if SANDBOX else ["--no-sandbox"]),
        capture_output=True, text=True, timeout=PATIENCE * 2,
        env={**os.environ, "PATH": slave.folder + "/program:" + os.environ["PATH"]})
    return done, results


def the_simple_slave_renders_over_http_alone(server, slave):
    done, results = simple(server, slave, "good")
    assert done.returncode == 0, done
    (result,) = results
    assert result["state"] == "done" and server.uploaded(result).startswith(b"\x89PNG"), result
    path, authorization, hello = server.posts.get_nowait()
    assert path == "hello" and hello["methods"][0]["name"] == "blender"
    assert base64.b64decode(authorization.split()[1]) == b"K1:s3cret"
    assert slave.outbox() == []


def the_simple_slave_tells_of_failures(server, slave):
    done, results = simple(server, slave, "problem")
    assert done.returncode == 0, done
    assert results[0]["state"] == "failed" and "Nope" in results[0]["reason"], results


# --- the real Blender ----------------------------------------------------------------------------------------------

SCENE = """
import bpy
scene = bpy.context.scene
scene.render.resolution_x, scene.render.resolution_y, scene.render.engine = 64, 36, "CYCLES"
scene.cycles.samples = 1
side = bpy.data.objects.new("Side", bpy.data.cameras.new("Side"))
side.location = (9, 0, 0)
scene.collection.objects.link(side)
image = bpy.data.images.new("gone", 4, 4)
image.source, image.filepath = "FILE", "//tex/gone.png"
image.use_fake_user = True
bpy.ops.wm.save_as_mainfile(filepath=%r)
"""


def made_scene(slave, script):
    path = slave.folder + "/scene.blend"
    made = subprocess.run(["blender", "--background", "--factory-startup", "--python-expr", script % path],
                          capture_output=True, timeout=PATIENCE)
    assert os.path.exists(path), made.stdout
    with open(path, "rb") as file:
        return file.read()


def blender_renders_in_its_sandbox(server, slave):
    scene = made_scene(slave, SCENE)
    line = slave.signed_on()
    output = {"name": "0001.png", "format": "PNG", "width": 64, "height": 36, "limit": 1 << 20}
    for attempt in (1, 2):
        line.send(server.order(attempt, scene, attempt, output=output))
        result = line.expect("result", attempt=attempt)
        assert result["state"] == "done", result
        assert any("tex/gone.png" in w for w in result["warnings"]), result
        assert server.uploaded(result).startswith(b"\x89PNG")
        assert result["memory"] > 10, result
        assert attempt == 2 or result["cpu"] > 0, result  # a warm frame of this size takes less than a clock tick
        accept(line, result)
    wrong = {**output, "width": 65}
    line.send(server.order(3, scene, 3, output=wrong))
    result = line.expect("result", attempt=3)
    assert result["state"] == "failed" and "64" in result["reason"], result
    accept(line, result)
    line.send(server.order(4, scene, 3, output=output, parameters={"camera": "Nope"}))
    result = line.expect("result", attempt=4)
    assert result["state"] == "failed" and '"Side"' in result["reason"] and "Nope" in result["reason"], result
    accept(line, result)
    line.send(server.order(5, scene, 3, output=dict(output, name="0003.exr", format="OPEN_EXR"),
                           parameters={"camera": "Side", "samples": 2, "format": "OPEN_EXR"}))
    result = line.expect("result", attempt=5)
    assert result["state"] == "done" and server.uploaded(result)[:4] == b"\x76\x2f\x31\x01", result


blender_renders_in_its_sandbox.real = True
blender_renders_in_its_sandbox.missing = None if shutil.which("blender") else "there is no Blender"


def main():
    tests = [f for n, f in globals().items()
             if inspect.isfunction(f) and list(inspect.signature(f).parameters) == ["server", "slave"]]
    wanted = sys.argv[3:]
    tests = [t for t in tests if not wanted or t.__name__ in wanted]
    print("1..%d" % len(tests))
    bad = 0
    for number, test in enumerate(tests, 1):
        missing = getattr(test, "missing", None)
        if missing:
            print("ok %d - %s # SKIP %s" % (number, test.__name__, missing))
            continue
        server = FakeServer()
        slave = Slave(server, real=getattr(test, "real", False), **getattr(test, "settings", {}))
        try:
            test(server, slave)
            print("ok %d - %s" % (number, test.__name__))
        except Exception:  # a queue that stayed empty is as much a failure as a wrong word
            bad += 1
            print("not ok %d - %s" % (number, test.__name__))
            for text in (traceback.format_exc() + slave.output()).splitlines():
                print("# " + text)
        finally:
            slave.clear()
        sys.stdout.flush()
    return 1 if bad else 0


sys.exit(main())
