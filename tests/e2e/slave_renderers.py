#!/usr/bin/env python3
"""What a slave renders with: several installed versions, whole trees, and what it has tried of them."""
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from fake_server import PATIENCE  # noqa: E402
from programs import BUILD, SOURCE  # noqa: E402
from slave_fixture import SANDBOX, accept, command, frame, run_cases, until, warnings  # noqa: E402
from stand_in_tree import make_tree  # noqa: E402

ALL = ["CYCLES", "BLENDER_EEVEE", "BLENDER_WORKBENCH"]


def install(slave, name, version=None, **engines):
    """A fake renderer in a folder of its own; engines: how it behaves when it is tried."""
    folder = os.path.join(slave.folder, name)
    os.makedirs(folder, exist_ok=True)
    program = os.path.join(folder, "blender")
    shutil.copy(SOURCE + "/tests/support/fake_renderer.py", program)
    os.chmod(program, 0o755)
    if version:
        with open(folder + "/version", "w") as file:
            file.write(version)
    with open(folder + "/engines.json", "w") as file:
        json.dump(engines, file)
    return program


def offered(line):
    return {each["version"]: each["engines"] for each in line.announce["renderers"]}


def all_tried(slave):
    """Its connection, with the last announce."""
    slave.start()
    line = slave.server.next_line()
    until(lambda: all(each["state"] in ("usable", "unusable") for each in command(slave, "status")["renderers"]),
          "not all is tried")
    command(slave, "pause")
    while line.announce["slots"]:  # the one after the last trial
        line.announce = line.expect("announce")
    command(slave, "resume")
    line.expect("announce", slots=1)
    return line


def check(slave, status=None):
    done = subprocess.run([BUILD + "/distren-slave", "--check", "--config", slave.folder + "/slave.toml"],
                          capture_output=True, text=True, timeout=2 * PATIENCE)
    assert status is None or done.returncode == status, done
    return done.stdout


# --- several versions ------------------------------------------------------------------------------------------------


def several_versions_are_offered_and_the_order_chooses_one(server, slave):
    install(slave, "old", "3.4.1")
    install(slave, "new", "4.3.2")
    line = all_tried(slave)
    later = ["CYCLES", "BLENDER_EEVEE_NEXT", "BLENDER_WORKBENCH"]
    assert offered(line) == {"3.4.1": ALL, "4.3.2": later}, line.announce
    for attempt, version in enumerate(("4.3.2", "3.4.1", "4.3.2"), 1):
        result = frame(server, line, attempt, "version", job=attempt, version=version)
        assert result["outcome"] == "done" and "version " + version in warnings(result), result
    result = frame(server, line, 9, "good", job=9, version="4.2.0")  # nothing as good as it may stand in
    assert (result["outcome"], result["code"]) == ("failed", "renderer_missing"), result
    assert "3.4.1, 4.3.2" in result["message"], result
    result = frame(server, line, 10, "good", job=10, version="3.4.1", renderer={
        "method": "blender", "version": "3.4.1", "build": "ab" * 32})
    assert (result["outcome"], result["code"]) == ("failed", "renderer_missing"), result


several_versions_are_offered_and_the_order_chooses_one.settings = {
    "renderers.blender": ["old/blender", "new/blender", "old/blender"]}


def a_missing_program_does_not_hide_the_others(server, slave):
    install(slave, "old", "3.4.1")
    line = all_tried(slave)
    assert offered(line) == {"3.4.1": ALL}, line.announce
    assert "/absent/blender was not found" in slave.output(), slave.output()


a_missing_program_does_not_hide_the_others.settings = {"renderers.blender": ["/absent/blender", "old/blender"]}


def a_whole_tree_renders_with_its_own_system(server, slave):
    make_tree(slave.folder + "/tree", "5.2.2")
    install(slave, "old", "3.4.1")
    line = all_tried(slave)
    assert offered(line)["5.2.2"] == ["CYCLES", "BLENDER_EEVEE", "BLENDER_WORKBENCH"], line.announce
    result = frame(server, line, 1, "good", version="5.2.2")
    assert result["outcome"] == "done" and "the tree of 5.2.2" in warnings(result), result
    assert frame(server, line, 2, "good", job=2, version="3.4.1")["outcome"] == "done"


a_whole_tree_renders_with_its_own_system.settings = {"renderers.blender": ["./tree", "old/blender"]}
a_whole_tree_renders_with_its_own_system.missing = None if SANDBOX else "there is no sandbox"


# --- what was tried --------------------------------------------------------------------------------------------------


def engines_that_do_not_render_are_not_offered(server, slave):
    install(slave, "old", "3.4.1", BLENDER_EEVEE="crash", BLENDER_WORKBENCH="text")
    line = all_tried(slave)
    assert offered(line) == {"3.4.1": ["CYCLES"]}, line.announce
    (renderer,) = command(slave, "status")["renderers"]
    assert renderer["engines"] == ["CYCLES"] and renderer["state"] == "usable", renderer
    failures = {each["engine"]: each["reason"] for each in renderer["failures"]}
    assert "signal" in failures["BLENDER_EEVEE"] and "install libegl1" in failures["BLENDER_EEVEE"], failures
    assert set(failures) == {"BLENDER_EEVEE", "BLENDER_WORKBENCH"}, failures
    assert frame(server, line, 1, "good")["outcome"] == "done"
    assert slave.end() == 0
    text = check(slave, status=0)
    assert "Blender 3.4.1" in text and "BLENDER_EEVEE FAILED: Blender crashed" in text, text


engines_that_do_not_render_are_not_offered.settings = {"renderers.blender": ["old/blender"]}


def a_program_that_renders_nothing_is_not_offered(server, slave):
    install(slave, "old", "3.4.1", **dict.fromkeys(ALL, "problem"))
    slave.start()
    line = server.next_line()
    assert line.announce["renderers"] == [], line.announce
    until(lambda: command(slave, "status")["renderers"][0]["state"] == "unusable", "it was not tried")
    result = frame(server, line, 1, "good")
    assert (result["outcome"], result["code"]) == ("failed", "renderer_missing"), result
    assert slave.end() == 0
    text = check(slave, status=1)
    assert "FAILED, is not offered" in text, text


a_program_that_renders_nothing_is_not_offered.settings = {"renderers.blender": ["old/blender"]}


def what_was_tried_is_remembered(server, slave):
    program = install(slave, "old", "3.4.1")
    all_tried(slave)
    slave.kill()
    slave.start()
    assert offered(server.next_line()) == {"3.4.1": ALL}
    assert slave.output().count("tried engines=") == 1, slave.output()
    slave.kill()
    os.utime(program, (1, 1))  # another program
    slave.start()
    assert server.next_line().announce["renderers"] == []
    until(lambda: slave.output().count("tried engines=") == 2, "it was not tried again")
    slave.kill()
    with open(slave.folder + "/state/trials.json", "w") as file:
        file.write('{"damaged')
    assert offered(all_tried(slave)) == {"3.4.1": ALL}


what_was_tried_is_remembered.settings = {"renderers.blender": ["old/blender"]}


def a_failure_is_tried_again_at_the_next_start(server, slave):
    install(slave, "old", "3.4.1", BLENDER_EEVEE="crash")
    assert offered(all_tried(slave)) == {"3.4.1": ["CYCLES", "BLENDER_WORKBENCH"]}
    slave.kill()
    with open(slave.folder + "/old/engines.json", "w") as file:  # as when libegl1 was installed
        file.write("{}")
    slave.start()
    line = server.next_line()
    assert offered(line) == {"3.4.1": ["CYCLES", "BLENDER_WORKBENCH"]}, line.announce  # at once
    while offered(line) != {"3.4.1": ALL}:
        line.announce = line.expect("announce")


a_failure_is_tried_again_at_the_next_start.settings = {"renderers.blender": ["old/blender"]}


def an_order_that_comes_before_all_is_tried_is_rendered(server, slave):
    install(slave, "old", "3.4.1")
    slave.start()
    line = server.next_line()
    line.send(server.order(1, b"good", version="3.4.1"))
    result = line.expect("result", attempt=1)
    assert result["outcome"] == "done", result
    accept(line, result)


an_order_that_comes_before_all_is_tried_is_rendered.settings = {"renderers.blender": ["old/blender"]}


def a_graphics_card_that_does_not_render_is_not_used(server, slave):
    install(slave, "old", "3.4.1", CYCLES="no card")
    line = all_tried(slave)
    # "no card" also fails without one: Cycles is not offered at all, the rest on the card.
    assert offered(line) == {"3.4.1": ["BLENDER_EEVEE", "BLENDER_WORKBENCH"]}, line.announce
    slave.kill()
    install(slave, "old", "3.4.1", CYCLES="only processor")
    line = all_tried(slave)
    (renderer,) = line.announce["renderers"]
    assert "device" not in renderer and renderer["engines"] == ALL, renderer
    assert "not on NVIDIA Fake 9" in slave.output(), slave.output()
    assert not [w for w in warnings(frame(server, line, 1, "good")) if w.startswith("devices")]


a_graphics_card_that_does_not_render_is_not_used.settings = {
    "renderers.blender": ["old/blender"], "gpu.devices": ["auto"]}

POVRAY = """#!/bin/sh
[ "$1" != --version ] || { echo "POV-Ray 3.7.0.10"; exit; }
echo "File 'probe.pov' line 3: Parse Error: Cannot open include file colors.inc."
exit 1
"""


def povray_without_its_includes_is_not_offered(server, slave):
    shutil.copytree(SOURCE + "/methods/povray", slave.folder + "/methods/povray")
    install(slave, "old", "3.4.1")
    with open(slave.folder + "/old/povray", "w") as file:
        file.write(POVRAY)
    os.chmod(slave.folder + "/old/povray", 0o755)
    line = all_tried(slave)
    assert [each["method"] for each in line.announce["renderers"]] == ["blender"], line.announce
    text = check(slave) if slave.end() == 0 else ""
    assert "povray-includes" in text and "POV-Ray 3.7.0.10" in text, text


povray_without_its_includes_is_not_offered.settings = {
    "renderers.blender": ["old/blender"], "renderers.povray": ["old/povray"]}


LONG = 900  # seconds; without a graphics card a busy machine takes minutes for Eevee's shaders


def the_installed_programs_render_their_probes(server, slave):
    slave.start()
    server.lines.get(timeout=LONG)
    end = time.monotonic() + LONG
    while "untried" in [row["state"] for row in command(slave, "status")["renderers"]]:
        assert time.monotonic() < end, command(slave, "status")
        time.sleep(1)
    rows = {each["method"]: each for each in command(slave, "status")["renderers"]}
    assert rows["blender"]["state"] == "usable" and "CYCLES" in rows["blender"]["engines"], rows
    for name in ("ffmpeg", "povray"):
        if shutil.which(name):
            assert rows[name]["state"] == "usable", rows[name]


the_installed_programs_render_their_probes.real = True
the_installed_programs_render_their_probes.missing = (
    None if shutil.which("blender") and SANDBOX else "there is no Blender, or no sandbox")

run_cases(globals())
