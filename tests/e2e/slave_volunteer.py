#!/usr/bin/env python3
"""Controls of the volunteer: pause, trust, blocks, graphics cards, control groups, limits, remote settings, schedule."""
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from fake_server import PATIENCE  # noqa: E402
from programs import BUILD  # noqa: E402
from slave_fixture import SANDBOX, accept, command, frame, make_scene, run_cases, until, warnings  # noqa: E402


# --- control by the volunteer -----------------------------------------------------------------------------------------


def program_states(slave):
    """Kernel states of all processes that the slave has started; T is stopped."""
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


def a_paused_slave_is_suspended_and_resumes(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang"))
    line.expect("progress", attempt=1, phase="rendering")
    status = command(slave, "status")
    assert status["state"] == "rendering" and status["attempt"] == 1 and status["connected"], status
    status = command(slave, "pause")
    assert status["state"] == "suspended" and "you paused" in status["reason"], status
    assert line.expect("announce")["slots"] == 0
    until(lambda: set(program_states(slave)) == {"T"}, "programs are running: %s" % program_states(slave))
    assert command(slave, "resume")["state"] == "rendering"
    assert line.expect("announce")["slots"] == 1
    until(lambda: "T" not in program_states(slave), "programs are stopped: %s" % program_states(slave))


def a_paused_slave_returns_queued_orders(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang"))
    line.expect("progress", attempt=1, phase="rendering")
    line.send(server.order(2, b"good"))
    until(lambda: command(slave, "status")["waiting"] == 1, "the second order is not queued")
    command(slave, "pause")
    result = line.expect("result", attempt=2)
    assert result["outcome"] == "returned" and "needed" in result["message"], result
    assert [m["slots"] for m in line.kept if m["type"] == "announce"] == [0], line.kept


def a_frame_cancelled_during_its_image_check_is_not_uploaded(server, slave):
    line = slave.signed_on()
    for attempt in range(1, 4):
        line.send(server.order(attempt, b"good", attempt))
    line.send({"type": "cancel", "attempts": [1], "code": "job_ended", "message": "job 1 was cancelled by its owner"})
    for attempt in (2, 3):
        accept(line, line.expect("result", attempt=attempt))
    results = [m for m in line.kept if m["type"] == "result" and m["attempt"] == 1]
    for each in results:  # it was sent before the cancel arrived
        accept(line, each)
    slave.wait_for_empty_outbox()


def the_end_of_the_render_log_is_sent_on_request(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"chatter"))
    line.expect("progress", attempt=1, phase="rendering")
    line.send({"type": "log_request", "attempt": 1})
    text = line.expect("log", attempt=1)["text"]
    assert len(text) <= 16384 and text.endswith("Fra:1 | Sample 1/4\n"), text
    assert "line 2999" in text and "\x1b" not in text and "line 5 " not in text, text
    assert slave.folder + "/state" not in text, text
    line.send({"type": "log_request", "attempt": 99})
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


def scripts_run_only_for_owners_named_by_the_volunteer(server, slave):
    scene = make_scene(slave, DRIVEN)
    line = slave.signed_on()
    output = {"name": "0001.png", "format": "PNG", "width": 64, "height": 36, "max_bytes": 1 << 20}
    pictures = []
    for attempt, owner in ((1, {"id": 5, "name": "anna"}), (2, {"id": 6, "name": "bob"})):
        line.send(server.order(attempt, scene, 1, job=attempt, output=output, owner=owner, parameters={"scripts": "allowed"}))
        result = line.expect("result", attempt=attempt)
        assert result["outcome"] == "done", result
        assert (owner["id"] == 6) == any("blocked" in w for w in warnings(result)), (owner, result)
        pictures.append(server.uploaded(result))
        accept(line, result)
    assert pictures[0] != pictures[1], "the script changed nothing"


scripts_run_only_for_owners_named_by_the_volunteer.real = True
scripts_run_only_for_owners_named_by_the_volunteer.settings = {
    "trust.owners": ["anna", "99"], "trust.allow_scripts": True}
scripts_run_only_for_owners_named_by_the_volunteer.missing = (
    None if shutil.which("blender") and SANDBOX else "there is no Blender, or no sandbox")


SYSTEMD_RUN = """#!/bin/sh
printf '%s\\n' "$*" >>"$(dirname "$0")/groups"
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""


def fake_systemd(slave):
    os.makedirs(slave.folder + "/bin")
    with open(slave.folder + "/bin/systemd-run", "w") as file:
        file.write(SYSTEMD_RUN)
    os.chmod(slave.folder + "/bin/systemd-run", 0o755)
    slave.path = slave.folder + "/bin:" + os.environ["PATH"]


def a_renderer_runs_in_a_control_group_where_available(server, slave):
    fake_systemd(slave)
    line = slave.signed_on()
    assert frame(server, line, 1, "good")["outcome"] == "done"
    with open(slave.folder + "/bin/groups") as file:
        groups = file.read().splitlines()
    assert len(groups) == 3 and "/bin/true" in groups[0], groups  # then what was tried, and the frame
    for word in ("--user --scope", "MemoryMax=900M", "TasksMax=77", "CPUQuota=200%", " -- "):
        assert word in groups[1] and word in groups[2], groups


a_renderer_runs_in_a_control_group_where_available.settings = {"memory_mib": 900, "max_processes": 77}


def without_control_groups_the_slave_warns_and_renders(server, slave):
    slave.path = "/usr/local/bin:/usr/bin:/bin"
    line = slave.signed_on()
    assert frame(server, line, 1, "good")["outcome"] == "done"
    if not shutil.which("systemd-run", path=slave.path):
        assert "no control groups: there is no systemd-run" in slave.output(), slave.output()


def a_slave_that_requires_control_groups_does_not_start_without(server, slave):
    fake_systemd(slave)
    with open(slave.folder + "/bin/systemd-run", "w") as file:
        file.write("#!/bin/sh\necho 'Failed to connect to bus: No medium found' >&2\nexit 1\n")
    slave.start()
    assert slave.process.wait(timeout=PATIENCE) == 5, slave.output()
    assert "no control groups" in slave.output() and "No medium found" in slave.output(), slave.output()


a_slave_that_requires_control_groups_does_not_start_without.settings = {"cgroup": "on"}


def graphics_cards_are_neither_reported_nor_used_by_default(server, slave):
    line = slave.signed_on()
    assert line.announce["devices"] == [] and line.announce["renderers"][0]["version"] == "3.4.1", line.announce
    assert not [w for w in warnings(frame(server, line, 1, "good")) if w.startswith("devices")]


def configured_graphics_cards_are_reported_and_used(server, slave):
    line = slave.signed_on()
    device = line.announce["renderers"][0]["device"]
    assert line.announce["devices"] == [{"name": "NVIDIA Fake 9"}] and device.startswith("optix-"), line.announce
    result = frame(server, line, 1, "good", version="3.4.1+" + device)
    assert "devices OPTIX:OPTIX_0" in warnings(result), result
    assert result["cpu_ms"] >= 2 * result["wall_ms"], result  # a graphics card counts as the whole machine


configured_graphics_cards_are_reported_and_used.settings = {"gpu.devices": ["auto"]}


def a_graphics_card_is_selected_by_a_word_of_its_name(server, slave):
    line = slave.signed_on()
    assert line.announce["devices"] == [{"name": "AMD Fake 3"}], line.announce
    assert "devices HIP:HIP_0" in warnings(frame(server, line, 1, "good"))
    result = frame(server, line, 2, "no card", job=2)
    assert result["outcome"] == "returned" and "not there any more" in result["message"], result
    assert 'no device is \"Voodoo\"' in slave.output() or 'no device is "Voodoo"' in slave.output(), slave.output()


a_graphics_card_is_selected_by_a_word_of_its_name.settings = {"gpu.devices": ["amd", "Voodoo"]}


def telemetry_is_sent_when_requested(server, slave):
    server.welcome["telemetry_ms"] = 1000
    line = slave.signed_on()
    first, second = line.expect("telemetry"), line.expect("telemetry")
    assert first["state"] == "idle" and first["memory_mib"] > 0 and first["disk_free_mib"] > 0 and "load" in first, first
    assert 0 <= second["cpu_percent"] <= 100, second


def no_telemetry_is_sent_unless_requested(server, slave):
    line = slave.signed_on()
    assert frame(server, line, 1, "good")["outcome"] == "done"
    assert not [message for message in line.kept if message["type"] == "telemetry"], line.kept


def signals_pause_and_resume(server, slave):
    line = slave.signed_on()
    slave.process.send_signal(signal.SIGUSR1)
    assert line.expect("announce")["slots"] == 0
    line.send(server.order(1, b"good"))
    assert line.expect("result", attempt=1)["outcome"] == "returned"  # it was sent before the announce arrived
    slave.process.send_signal(signal.SIGUSR2)
    assert line.expect("announce")["slots"] == 1


def a_frame_suspended_for_too_long_is_returned(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"hang"))
    line.expect("progress", attempt=1, phase="rendering")
    command(slave, "pause", "--minutes", "60")
    result = line.expect("result", attempt=1)
    assert result["outcome"] == "returned" and "was needed" in result["message"], result
    accept(line, result)
    command(slave, "resume")
    assert frame(server, line, 2, "good", job=2)["outcome"] == "done"


a_frame_suspended_for_too_long_is_returned.settings = {"availability.return_after_minutes": 0}


def blocks_are_reported_stored_and_return_their_frames(server, slave):
    assert command(slave, "block", "user", "mallory")["user_names"] == ["mallory"]  # before the slave runs
    line = slave.signed_on()
    assert line.announce["blocks"] == {"user_names": ["mallory"], "project_ids": [], "job_ids": []}, line.announce
    line.send(server.order(1, b"hang", job=5))
    line.expect("progress", attempt=1, fraction=0.25)
    assert command(slave, "block", "job", "5")["job_ids"] == [5]
    assert line.expect("announce")["blocks"]["job_ids"] == [5]
    result = line.expect("result", attempt=1)
    assert result["outcome"] == "returned" and "volunteer blocked this work" in result["message"], result
    accept(line, result)
    line.send(server.order(2, b"good", job=5))  # it was sent before the announce arrived
    result = line.expect("result", attempt=2)
    assert result["outcome"] == "returned", result
    accept(line, result)
    assert frame(server, line, 3, "good", job=6)["outcome"] == "done"
    slave.kill()
    assert command(slave, "blocks")["job_ids"] == [5]
    line = slave.signed_on()
    assert line.announce["blocks"]["job_ids"] == [5], line.announce
    command(slave, "unblock", "job", "5")
    assert line.expect("announce")["blocks"]["job_ids"] == []
    assert frame(server, line, 4, "good", job=5)["outcome"] == "done"
    assert "not the number" in command(slave, "block", "job", "five", status=1)


def a_frame_that_exceeds_the_time_limit_is_returned(server, slave):
    line = slave.signed_on()
    assert line.announce["max_frame_ms"] == 60000, line.announce
    line.send(server.order(1, b"hang", lease_ms=3000))
    begun = time.monotonic()
    line.expect("progress", attempt=1, fraction=0.25)
    while time.monotonic() < begun + 55:  # other messages arrive meanwhile; the rest of the minute is awaited below
        line.expect("progress", attempt=1)
    result = line.expect("result", attempt=1)
    assert result["outcome"] == "returned" and result["code"] == "too_long", result
    assert result["message"] == "it took longer than the 1 minutes that this slave lends", result
    assert time.monotonic() - begun >= 59
    accept(line, result)
    assert frame(server, line, 2, "good", job=2)["outcome"] == "done"


a_frame_that_exceeds_the_time_limit_is_returned.settings = {"limits.minutes_per_frame": 1}


def remote_settings_apply_at_once_and_survive_a_restart(server, slave):
    line = slave.signed_on()
    assert line.announce["effective_settings"]["threads"] == 2 and line.announce["effective_settings"]["paused"] is False, line.announce
    memory = line.announce["memory_mib"]
    assert frame(server, line, 1, "good")["outcome"] == "done"
    line.send({"type": "settings", "requested": {"threads": 1, "memory_mib": 6 * 10**7, "max_frame_ms": 420000,
                                                 "nonsense": [1]}})
    announce = line.expect("announce")
    assert announce["cores"] == 1 and announce["memory_mib"] == memory and announce["max_frame_ms"] == 420000, announce
    line.send({"type": "settings", "requested": {"paused": True, "schedule": ["sometimes"]}})
    announce = line.expect("announce", slots=0)
    assert announce["effective_settings"]["paused"] and "sometimes" in announce["effective_settings"]["problems"][0], announce
    assert announce["cores"] == 2 and "max_frame_ms" not in announce, announce
    until(lambda: command(slave, "status")["may_work"] is False, "the remote pause is applied")
    assert "remote settings" in command(slave, "status")["reason"]
    slave.kill()
    server.welcome["settings"] = {"threads": 1}
    line = slave.signed_on()
    assert line.announce["cores"] == 1 and not line.announce["effective_settings"]["paused"], line.announce
    if line.announce["slots"] == 0:
        line.expect("announce", slots=1)  # it was paused until the next message
    assert frame(server, line, 2, "good")["outcome"] == "done"


remote_settings_apply_at_once_and_survive_a_restart.settings = {"availability.remote_settings": True}


def remote_settings_are_rejected_by_default(server, slave):
    server.welcome["settings"] = {"paused": True, "threads": 1}
    line = slave.signed_on()
    assert "effective_settings" not in line.announce and line.announce["slots"] == 1 and line.announce["cores"] == 2, line.announce
    line.send({"type": "settings", "requested": {"paused": True}})
    assert frame(server, line, 1, "good")["outcome"] == "done"
    assert "remote_settings = true" in slave.output()


def downloads_respect_their_limit(server, slave):
    line = slave.signed_on()
    data = os.urandom(6 << 20)
    begun = time.monotonic()
    files = [("scene.blend", server.add(b"good"), 4), ("t.bin", server.add(data), len(data))]
    assert frame(server, line, 1, "good", files=files)["outcome"] == "done"
    assert time.monotonic() - begun > 2, time.monotonic() - begun  # 6 MiB at 1 MiB/s, after an initial burst


downloads_respect_their_limit.settings = {"limits.download_kib_per_second": 1024}


def finish_ends_the_slave_after_its_frames(server, slave):
    line = slave.signed_on()
    line.send(server.order(1, b"good"))
    result = line.expect("result", attempt=1)
    assert command(slave, "finish")["finishing"]
    accept(line, result)
    assert slave.process.wait(timeout=PATIENCE) == 0, slave.output()
    assert "no slave of yours" in command(slave, "status", status=5)


def outside_its_schedule_a_slave_returns_orders(server, slave):
    slave.start()
    line = server.next_line()  # nothing is tried now
    until(lambda: not command(slave, "status")["may_work"], "it works outside its schedule")
    assert "schedule" in command(slave, "status")["reason"]
    line.send(server.order(1, b"good"))
    assert line.expect("result", attempt=1)["outcome"] == "returned"


# Three hours that cannot be now, however long the test waits.
outside_its_schedule_a_slave_returns_orders.settings = {
    "availability.schedule": ["daily %02d:00-%02d:00" % ((time.localtime().tm_hour + 12) % 24,
                                                      (time.localtime().tm_hour + 15) % 24)]}


def a_second_slave_in_the_same_folder_is_rejected(server, slave):
    slave.signed_on()
    other = subprocess.run([BUILD + "/distren-slave", "--config", slave.folder + "/slave.toml"], capture_output=True,
                           text=True, timeout=PATIENCE)
    assert other.returncode == 1 and "another slave works in" in other.stderr, other


def check_reports_what_works(server, slave):
    slave.start("--check")
    assert slave.process.wait(timeout=PATIENCE) == 0, slave.output()
    for word in ("Blender 3.4.1", "signed on as attic", "sandbox"):
        assert word in slave.output(), slave.output()


def an_unknown_setting_is_named(server, slave):
    slave.start()
    assert slave.process.wait(timeout=PATIENCE) == 1
    assert "colour" in slave.output(), slave.output()


an_unknown_setting_is_named.settings = {"colour": "red"}


if __name__ == "__main__":
    run_cases(dict(globals()))
