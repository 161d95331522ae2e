#!/usr/bin/env python3
"""One table of rules: what command line and server say of a scene before its first frame, and what the driver in
Blender then does with it, for every rule and scenes that real Blenders saved."""
import json
import os
import shutil
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from blender_trees import all_blenders  # noqa: E402
from grid import Grid  # noqa: E402
from programs import SOURCE  # noqa: E402
from tap import Skip, case, run, wait_until  # noqa: E402

SCRIPT = os.path.join(SOURCE, "tests", "support", "scenes", "make_rules.py")
DRIVER = os.path.join(SOURCE, "methods", "blender", "driver.py")
HERE = all_blenders()[0]
MADE = {}
OF_OTHERS = ("not_offered", "absolute_path", "missing_file")  # what is said of files and slaves has its own tests

# Scene, options, what it is refused for (None: accepted), codes of findings, size of the picture.
RULES = [
    ("cameras", {}, None, [], (64, 36)),
    ("cameras", {"camera": "OtherCam"}, "it has 'Camera'", [], None),
    ("cameras", {"camera": "DeletedCam"}, "not in the scene 'Scene'; it has 'Camera'", [], None),
    ("cameras", {"scene": "Other", "camera": "OtherCam"}, None, [], (64, 36)),
    ("cameras", {"scene": "Third"}, "it has 'Other', 'Scene'", [], None),
    ("colour_only", {}, None, [], (64, 36)),
    ("layers_without_camera", {}, "no active camera", [], None),
    ("layers_of_another_without_camera", {}, "'Other', which has no active camera", [], None),
    ("layers_of_another", {}, None, [], (64, 36)),
    ("sound_without_camera", {}, "no active camera", [], None),
    ("sound", {}, None, [], (64, 36)),
    ("strip", {}, None, ["sequencer_used"], (64, 36)),
    ("strip_switched_off", {}, "no active camera", [], None),
    ("inactive", {}, "choose one of its own as camera: it has 'Camera'", [], None),
    ("inactive", {"camera": "Camera"}, None, [], (64, 36)),
    ("marker", {}, None, [], (64, 36)),
    ("layers", {"view-layer": "Gren"}, "it has 'Green', 'Red'", [], None),
    ("layers", {"view-layer": "Red"}, None, [], (64, 36)),
    ("region", {}, None, [], (64, 36)),
    ("cropped", {}, None, [], (32, 25)),
    ("cropped", {"percentage": 50}, None, [], (16, 13)),
    ("denoised", {}, None, ["denoising_uncertain"], (64, 36)),
    ("not_denoised", {}, None, [], (64, 36)),
]
# What the driver never meets, because it is refused before, or cannot know.
REFUSED_BEFORE = [
    ("empty_region", {}, "the render region of the scene 'Scene' has 0x25"),
    ("foreign_engine", {}, "rendered by MYENGI, the engine of an add-on"),
    ("region", {"tiles": "2x2"}, "only a region"),
    ("cropped", {"tiles": "2x2"}, "only a region"),
    ("strip", {"tiles": "2x2"}, "video sequencer"),
    ("image_node", {"tiles": "2x2"}, "CompositorNodeImage"),
    ("freestyle", {"tiles": "2x2"}, "Freestyle"),
    ("stereo", {"tiles": "2x2"}, "stereo"),
]


def made_by(grid, blender):
    reason = blender.missing()
    if reason:
        raise Skip(reason)
    if blender.name not in MADE:
        MADE[blender.name] = folder = tempfile.mkdtemp(prefix="rules.", dir=grid.home)
        done = blender.run(["--python-exit-code", "9", "--python", SCRIPT, "--", folder], folder)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    return MADE[blender.name]


def said_by_client(grid, path, options):
    words = []
    for name, value in options.items():
        words += ["--tiles", value] if name == "tiles" else ["--set", f"{name}={value}"]
    done = grid.cli("check", path, "--json", *words)
    return done.stderr if done.returncode else "", json.loads(done.stdout) if done.returncode == 0 else None


def said_by_server(grid, path, options):
    """Without the client, which would have refused it before."""
    with open(path, "rb") as file:
        content = file.read()
    parameters = {name: value for name, value in options.items() if name != "tiles"}
    members = {"tiles": options["tiles"]} if "tiles" in options else {}
    status, answer = grid.post_job({"scene.blend": content}, "1", paused=True, parameters=parameters, **members)
    assert status in (201, 400), (status, answer)
    return answer["detail"] if status == 400 else "", answer


def done_by_driver(blender, path, options):
    """(problem, size): one of them is None."""
    folder = os.path.dirname(path)
    output = os.path.join(folder, "0001.png")
    if os.path.exists(output):
        os.remove(output)
    given = json.dumps({"frame": 1, "output": output, "format": "PNG", **options}) + "\n"
    done = blender.run(["--disable-autoexec", "-t", "1", path, "--python-exit-code", "97", "--python", DRIVER], folder,
                       given=given)
    events = [json.loads(line[8:]) for line in done.stdout.splitlines() if line.startswith("DISTREN {")]
    problem = [event["text"] for event in events if event["event"] == "problem"]
    finished = [event for event in events if event["event"] == "done"]
    assert bool(problem) != bool(finished), done.stdout[-3000:] + done.stderr[-1000:]
    if problem:
        return problem[0], None
    with open(output, "rb") as file:
        size = struct.unpack(">II", file.read(24)[16:])
    assert size == (finished[0]["width"], finished[0]["height"]), (size, finished)
    return None, size


def the_rules_hold(grid, blender):
    folder = made_by(grid, blender)
    wrong = []
    for name, options, refused, codes, size in RULES + [each + ([], None) for each in REFUSED_BEFORE]:
        path = os.path.join(folder, name + ".blend")
        where = f"{name} {options}"
        for who, (refusal, answer) in (("client", said_by_client(grid, path, options)),
                                       ("server", said_by_server(grid, path, options))):
            if (refused or "") not in refusal or bool(refusal) != bool(refused):
                wrong.append(f"{where}: {who} says {refusal!r} in place of {refused!r}")
            if not refused and answer is not None:
                found = [finding["code"] for finding in answer["findings"] if finding["code"] not in OF_OTHERS]
                saved = (answer["output"]["width"], answer["output"]["height"])
                if found != codes or saved != size:
                    wrong.append(f"{where}: {who} finds {found} and {saved} in place of {codes} and {size}")
    assert not wrong, "\n".join(wrong)


for each in all_blenders():
    def check(grid, blender=each):
        the_rules_hold(grid, blender)
    check.__name__ = f"client_and_server_say_the_same_of_scenes_of_{each.name.replace(' ', '_')}".replace("'", "")
    case(check)


@case
def the_driver_does_what_they_say(grid):
    folder = made_by(grid, HERE)
    wrong = []
    for name, options, refused, _, size in RULES:
        problem, saved = done_by_driver(HERE, os.path.join(folder, name + ".blend"), options)
        if bool(problem) != bool(refused) or saved != size:
            wrong.append(f"{name} {options}: the driver says {problem!r} and saves {saved}, "
                         f"the check says {refused!r} and {size}")
    assert not wrong, "\n".join(wrong)


@case
def colours_of_an_own_configuration_are_named_and_rendered(grid):
    path = os.path.join(made_by(grid, HERE), "foreign_view.blend")
    refusal, answer = said_by_client(grid, path, {})
    assert not refusal and [found["code"] for found in answer["findings"]] == ["foreign_colours"], (refusal, answer)
    assert "'Studio View'" in answer["findings"][0]["message"], answer
    assert done_by_driver(HERE, path, {})[1] == (64, 36)


@case
def an_engine_of_an_addon_renders_with_another_one_when_asked_for(grid):
    path = os.path.join(made_by(grid, HERE), "foreign_engine.blend")
    refusal, answer = said_by_client(grid, path, {"engine": "CYCLES"})
    assert not refusal and answer["parameters"]["engine"] == "CYCLES", (refusal, answer)


@case
def a_job_that_no_slave_here_can_do_is_said_beforehand(grid):
    path = os.path.join(made_by(grid, HERE), "cameras.blend")
    assert not said_by_client(grid, path, {"tiles": "2x1"})[1]["findings"], "without a slave nobody can say"
    slave = grid.add_slave("attic")
    wait_until("the slave has tried its Blender", lambda: any(
        each["method"] == "blender" for each in grid.api("GET", f"/api/v1/slaves/{slave.id}")[1]["renderers"]), 300)
    done = grid.cli("check", path, "--tiles", "2x1", "--denoise", check=0)
    assert "OpenImageDenoise" in done.stderr and "waits" in done.stderr, done.stderr
    done = grid.cli("submit", path, "--paused", "--tiles", "2x1", "--denoise", "--json", check=0)
    codes = [found["code"] for found in json.loads(done.stdout)["findings"]]
    assert "not_offered" in codes, codes
    done = grid.cli("check", path, "--tiles", "2x1", check=0)
    assert "waits" not in done.stderr, done.stderr


@case
def a_long_file_name_becomes_a_short_job_name(grid):
    wood = "木" * 70
    path = os.path.join(grid.home, wood + ".blend")
    shutil.copy(os.path.join(made_by(grid, HERE), "cameras.blend"), path)
    done = grid.cli("submit", path, "--paused", "--tiles", "2x1", "--video", "mp4", "--json", check=0)
    names = [job["name"] for job in json.loads(done.stdout)["jobs"]]
    assert all(len(name.encode()) <= 200 for name in names), names
    assert names[1] == "木" * 66 and names[0].endswith("木: tiles") and names[2].endswith("木: video"), names


if __name__ == "__main__":
    run(Grid, Grid.evidence)
