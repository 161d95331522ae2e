#!/usr/bin/env python3
"""How a slave executes an order: the normal case, misbehaving renderers, the simple slave, the real Blender."""
import hashlib
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from fake_server import PATIENCE  # noqa: E402
from programs import BUILD  # noqa: E402
from slave_fixture import SANDBOX, accept, failed, frame, make_scene, run_cases, started_as, until, warnings  # noqa: E402


# --- the normal case -------------------------------------------------------------------------------------------------


def it_signs_on_and_reports_its_capabilities(server, slave):
    line = slave.signed_on()
    assert line.sign_on["protocols"] == [1] and line.sign_on["slavekey"] == "K1", line.sign_on
    assert line.sign_on["slavepassword"] == "s3cret" and len(line.sign_on["instance"]) == 32
    announce = line.announce
    engines = ["CYCLES", "BLENDER_EEVEE", "BLENDER_WORKBENCH"]
    assert announce["renderers"] == [{"method": "blender", "version": "3.4.1", "engines": engines}], announce
    assert announce["slots"] == 1 and announce["cores"] >= 1 and announce["memory_mib"] > 0 and announce["holding"] == []


def an_order_produces_an_image_and_a_result(server, slave):
    line = slave.signed_on()
    result = frame(server, line, 5, "good", 3)
    assert result["outcome"] == "done" and result["lease"] == "lease-5", result
    assert result["outputs"][0]["name"] == "0003.png" and result["peak_memory_mib"] >= 0 and result["wall_ms"] >= 0, result
    data = server.uploaded(result)
    assert data.startswith(b"\x89PNG") and len(data) == result["outputs"][0]["size_bytes"]
    upload = server.uploads[result["outputs"][0]["upload_id"]]
    assert upload["sha256"] == result["outputs"][0]["sha256"] and "attempt=5" in upload["query"]
    slave.wait_for_empty_outbox()


def frames_of_a_job_share_program_and_files(server, slave):
    line = slave.signed_on()
    first = frame(server, line, 1, "good", 1)
    second = frame(server, line, 2, "good", 2)
    other = frame(server, line, 3, "good # another", 1, job=2)
    assert started_as(first) == started_as(second) != started_as(other), (first, second, other)
    assert len(server.gets) == 2, server.gets
    assert server.uploaded(first) != server.uploaded(second)


def files_are_staged_at_their_paths(server, slave):
    line = slave.signed_on()
    texture = b"t" * 1000
    files = [("video/a/scene.blend", server.add(b"good"), 4), ("img/t.png", server.add(texture), len(texture))]
    assert frame(server, line, 1, "good", files=files)["outcome"] == "done"
    jobs = slave.folder + "/state/jobs/"
    (job,) = os.listdir(jobs)
    with open(jobs + job + "/img/t.png", "rb") as file:
        assert file.read() == texture


def progress_is_reported(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang", lease_ms=3000))
    # The lease is kept alive while the renderer is silent.
    line.expect("progress", attempt=1, fraction=0.25)
    line.expect("progress", attempt=1, fraction=0.25)


def with_once_it_exits_after_one_frame(server, slave):
    line = slave.signed_on("--once")
    assert frame(server, line, 1, "good")["outcome"] == "done"
    assert slave.process.wait(timeout=PATIENCE) == 0, slave.output()
    assert slave.outbox() == []


# --- misbehaving renderers -----------------------------------------------------------------------------------------


def a_problem_is_reported_in_the_words_of_the_renderer(server, slave):
    failed(server, slave, "problem", "camera_missing", 'the camera "Nope" is not in the file')


def a_crash_is_reported_with_its_signal(server, slave):
    result = failed(server, slave, "crash", "renderer_crashed", "signal 11")
    assert "about to crash" in result["log"], result


def a_known_message_explains_the_failure(server, slave):
    failed(server, slave, "damaged", "scene_error", "damaged")


def an_image_of_the_wrong_size_is_a_failure(server, slave):
    failed(server, slave, "small", "output_missing", "4")


def text_instead_of_an_image_is_a_failure(server, slave):
    failed(server, slave, "text", "output_missing", "picture")


def done_without_an_image_is_a_failure(server, slave):
    failed(server, slave, "nothing", "output_missing", "no image")


def a_link_instead_of_an_image_is_a_failure(server, slave):
    failed(server, slave, "link", "output_missing", "not a plain file")


def an_image_beyond_the_size_limit_is_a_failure(server, slave):
    failed(server, slave, "huge", "scene_error", "allows")


def the_time_limit_ends_a_frame(server, slave):
    failed(server, slave, "hang", "timed_out", "longer than", deadline_ms=1500)


def a_persistent_renderer_that_crashes_is_restarted(server, slave):
    line = slave.signed_on()
    first = frame(server, line, 1, "crash when old", 1)
    second = frame(server, line, 2, "crash when old", 2)
    assert first["outcome"] == second["outcome"] == "done", second
    assert started_as(first) != started_as(second)


def a_renderer_that_only_moves_forward_is_restarted_for_an_earlier_frame(server, slave):
    line = slave.signed_on()
    programs = []
    for attempt, number in enumerate((1, 2, 4, 8, 7), 1):
        result = frame(server, line, attempt, "walk", number)
        assert result["outcome"] == "done", result
        programs.append(str(started_as(result)))
    assert programs[0] == programs[1] == programs[2] and len(set(programs)) == 3, programs
    result = frame(server, line, 9, "walk", 8, parameters={"samples": 2})
    assert str(started_as(result)) != programs[-1], "the same renderer continued with other parameters"


def a_renderer_whose_memory_grew_is_restarted(server, slave):
    line = slave.signed_on()
    programs = [str(started_as(frame(server, line, number, "grow", number))) for number in range(1, 7)]
    assert len(set(programs[:4])) == 1 and len(set(programs[4:])) == 1 and len(set(programs)) == 2, programs


def only_the_shader_cache_of_its_owner_outlives_a_renderer(server, slave):
    line = slave.signed_on()
    anna, bob = {"id": 5, "name": "anna"}, {"id": 6, "name": "bob"}
    first = frame(server, line, 1, "plant", owner=anna)
    assert first["outcome"] == "done", first
    second = frame(server, line, 2, "plant # another job", job=2, owner=anna)
    assert "found .cache/kept" in warnings(second) and "found planted" not in warnings(second), second
    for attempt, owner in ((3, bob), (4, None)):
        changes = {"owner": owner} if owner else {}
        other = frame(server, line, attempt, "plant # job %d" % attempt, job=attempt, **changes)
        assert other["outcome"] == "done", other
        assert not [w for w in warnings(other) if w.startswith("found")], other
    again = frame(server, line, 5, "plant # once more", job=5, owner=anna)
    assert "found .cache/kept" in warnings(again), again


only_the_shader_cache_of_its_owner_outlives_a_renderer.missing = None if SANDBOX else "there is no sandbox here"


# --- several files of a frame ---------------------------------------------------------------------------------------


def every_file_of_a_frame_is_uploaded(server, slave):
    line = slave.signed_on()
    result = frame(server, line, 1, "several")
    assert [each["name"] for each in result["outputs"]] == ["0001.png", "Depth/0001.png", "Mist/deep/0001.png"], result
    contents = [server.uploaded(result, number) for number in range(3)]
    assert len(set(contents)) == 3 and all(content.startswith(b"\x89PNG") for content in contents)
    for each, content in zip(result["outputs"], contents):
        assert each["size_bytes"] == len(content) and each["sha256"] == hashlib.sha256(content).hexdigest(), each
    slave.wait_for_empty_outbox()


def files_of_a_frame_survive_a_kill_and_are_uploaded_again_when_asked(server, slave):
    line = slave.signed_on()
    server.refuse_uploads = 503
    line.send(server.order(1, b"several"))
    until(lambda: slave.outbox() == ["1"], "nothing waits")
    slave.kill()
    server.refuse_uploads = None
    line = slave.signed_on()
    result = line.expect("result", attempt=1)
    assert len(result["outputs"]) == 3 and len(server.uploads) == 3, result
    line.send({"type": "verdict", "attempt": 1, "verdict": "retry", "code": "upload_missing", "retry_ms": 0,
               "upload_again": True})
    again = line.expect("result", attempt=1)
    assert len(server.uploads) == 6 and again["outputs"][2]["upload_id"] != result["outputs"][2]["upload_id"], again
    accept(line, again)
    slave.wait_for_empty_outbox()


def several_files_that_cannot_be_taken_fail_the_frame(server, slave):
    line = slave.signed_on()
    for attempt, (behaviour, code, words) in enumerate((
            ("several through a link", "output_missing", "Link/passwd.png"),
            ("several and a name", "scene_error", "../"),
            ("several and text", "output_missing", "Mist/text.png"),
            ("several and absent", "output_missing", "Mist/absent.png")), 1):
        result = frame(server, line, attempt, behaviour, job=attempt)
        assert (result["outcome"], result["code"]) == ("failed", code) and words in result["message"], result
    assert not server.uploads, server.uploads
    slave.wait_for_empty_outbox()


def what_a_renderer_warns_of_is_counted(server, slave):
    line = slave.signed_on()
    result = frame(server, line, 1, "warns")
    said = {warning["message"]: warning for warning in result["warnings"]}
    assert said["no texture"]["count"] == 3 and said["no texture"]["code"] == "input_missing", result
    assert len(result["warnings"]) == 20 and result["warnings"][-1]["code"] == "more_warnings", result
    failed = frame(server, line, 2, "warns and fails", job=2)
    assert failed["outcome"] == "failed" and "no texture" in warnings(failed), failed


# --- over HTTPS only -----------------------------------------------------------------------------------------------


def simple(server, slave, behaviour, orders=1, goodbye=False, cancelled=0, expired=False):
    """Runs distren-simpleslave --once; returns (process, results). goodbye: to its first result; cancelled: this attempt,
    when it says how far that is; those after it are good. expired: the addresses of the first order."""
    pending = [server.order(i + 1, behaviour.encode() if not cancelled or i < cancelled else b"good")
               for i in range(orders)]
    results, sent_away, renewed = [], [], []
    if expired:
        server.expired = ("/old",)
        pending[0]["inputs"][0]["url"] += "/old"

    def exchange(authorization, messages):
        answers = []
        for message in messages:
            if message["type"] == "sign_on":
                answers.append(server.welcome_message(session="dl_secret"))
            elif authorization not in (None, "Bearer dl_secret"):
                return 401, {"code": "session_ended", "detail": "this session is over"}
            elif message["type"] == "refresh":
                renewed.append(message)
                answers.append({**server.order(message["attempt"], behaviour.encode()), "type": "order_update"})
            elif message["type"] == "announce" and message["slots"] and pending:
                answers.append(pending.pop(0))
            elif message["type"] == "result" and goodbye and not sent_away:
                sent_away.append(message)
                return 200, {"messages": [{"type": "goodbye", "code": "shutting_down", "message": "", "retry_ms": 500}]}
            elif message["type"] == "result":
                results.append(message)
                answers.append({"type": "verdict", "attempt": message["attempt"], "verdict": "accepted"})
            elif message["type"] == "progress":
                answers.append({"type": "of_the_future", "id": "x"})
                if cancelled in [item["attempt"] for item in message["items"]]:
                    answers.append({"type": "cancel", "attempts": [cancelled], "code": "job_ended", "message": ""})
        return 200, {"messages": answers}
    server.exchange = exchange
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
         "--state", slave.folder + "/state", "--methods", methods, "--once"] + ([] if SANDBOX else ["--no-sandbox"]),
        capture_output=True, text=True, timeout=PATIENCE * 2,
        env={**os.environ, "PATH": slave.folder + "/program:" + os.environ["PATH"]})
    assert bool(renewed) == expired, renewed
    return done, results


def the_simple_slave_asks_for_new_addresses_when_the_old_have_expired(server, slave):
    done, results = simple(server, slave, "good", expired=True)
    assert done.returncode == 0, done
    assert [result["outcome"] for result in results] == ["done"], results


def the_simple_slave_renders_over_http_only(server, slave):
    done, results = simple(server, slave, "good")
    assert done.returncode == 0, done
    (result,) = results
    assert result["outcome"] == "done" and server.uploaded(result).startswith(b"\x89PNG"), result
    authorization, (sign_on, announce) = server.posts.get_nowait()
    assert authorization is None and (sign_on["slavekey"], sign_on["slavepassword"]) == ("K1", "s3cret"), sign_on
    assert announce["renderers"][0]["method"] == "blender" and announce["slots"] == 1, announce
    assert server.posts.get_nowait()[0] == "Bearer dl_secret"
    assert slave.outbox() == []


def the_simple_slave_brings_its_result_after_a_goodbye(server, slave):
    done, results = simple(server, slave, "good", goodbye=True)
    assert done.returncode == 0, done
    assert [result["outcome"] for result in results] == ["done"], results
    assert server.posts.qsize() > 4 and slave.outbox() == []


def the_simple_slave_takes_another_frame_when_its_first_is_cancelled(server, slave):
    done, results = simple(server, slave, "hang", orders=2, cancelled=1)
    assert done.returncode == 0, done
    assert [(result["attempt"], result["outcome"]) for result in results] == [(2, "done")], results


def the_simple_slave_reports_failures(server, slave):
    done, results = simple(server, slave, "problem")
    assert done.returncode == 0, done
    assert results[0]["outcome"] == "failed" and "Nope" in results[0]["message"], results
    assert results[0]["code"] == "camera_missing", results


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


def blender_renders_in_its_sandbox(server, slave):
    scene = make_scene(slave, SCENE)
    line = slave.signed_on()
    output = {"name": "0001.png", "format": "PNG", "width": 64, "height": 36, "max_bytes": 1 << 20}
    for attempt in (1, 2):
        line.send(server.order(attempt, scene, attempt, output=output))
        result = line.expect("result", attempt=attempt)
        assert result["outcome"] == "done", result
        assert any("tex/gone.png" in w for w in warnings(result)), result
        assert server.uploaded(result).startswith(b"\x89PNG")
        assert result["peak_memory_mib"] > 10, result
        assert attempt == 2 or result["cpu_ms"] > 0, result  # a warm frame of this size takes less than a clock tick
        accept(line, result)
    wrong = {**output, "width": 65}
    line.send(server.order(3, scene, 3, output=wrong))
    result = line.expect("result", attempt=3)
    assert result["outcome"] == "failed" and "64" in result["message"], result
    accept(line, result)
    line.send(server.order(4, scene, 3, output=output, parameters={"camera": "Nope"}))
    result = line.expect("result", attempt=4)
    assert result["outcome"] == "failed" and '"Side"' in result["message"] and "Nope" in result["message"], result
    accept(line, result)
    line.send(server.order(5, scene, 3, output=dict(output, name="0003.exr", format="OPEN_EXR"),
                           parameters={"camera": "Side", "samples": 2, "format": "OPEN_EXR"}))
    result = line.expect("result", attempt=5)
    assert result["outcome"] == "done" and server.uploaded(result)[:4] == b"\x76\x2f\x31\x01", result


blender_renders_in_its_sandbox.real = True
blender_renders_in_its_sandbox.missing = None if shutil.which("blender") else "there is no Blender"


if __name__ == "__main__":
    run_cases(dict(globals()))
