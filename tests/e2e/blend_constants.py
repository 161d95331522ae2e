#!/usr/bin/env python3
"""Every constant that distren-scene reads from a .blend, held against files that real Blenders saved: each setting both
ways, and what Blender itself says of it. A Blender that is not here is skipped, with the reason."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from blender_trees import all_blenders  # noqa: E402
from programs import SOURCE, program  # noqa: E402
from tap import Skip, case, comment, run  # noqa: E402

SCRIPT = os.path.join(SOURCE, "tests", "support", "scenes", "make_constants.py")
MADE = {}  # by name of the Blender: folder


def made_by(blender, home):
    """The folder of its files, made once."""
    reason = blender.missing()
    if reason:
        raise Skip(reason)
    if blender.name not in MADE:
        folder = tempfile.mkdtemp(prefix="constants.", dir=home)
        done = blender.run(["--python-exit-code", "9", "--python", SCRIPT, "--", folder], folder, seconds=500)
        assert done.returncode == 0, f"the files could not be made: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        MADE[blender.name] = folder
    return MADE[blender.name]


def described(path):
    done = subprocess.run([program("distren-scene"), path], capture_output=True, text=True)
    assert done.returncode == 0, (path, done.stdout[-500:])
    return json.loads(done.stdout)["blend"]


def differences(facts, found, where):
    wrong = []
    for name, value in facts.items():
        there = found.get(name)
        if name == "linked":
            there = sorted(link["name"] for link in there)
        if isinstance(value, float) and isinstance(there, float):
            there = value if abs(there - value) < 1e-6 else there
        if there != value:
            wrong.append(f"{where}: {name} is {value!r}, distren-scene says {there!r}")
    return wrong


def files_are_read_as_blender_means_them(blender, home):
    folder = made_by(blender, home)
    with open(os.path.join(folder, "expected.json")) as file:
        expected = json.load(file)
    wrong = []
    for name, facts in expected.items():
        found = described(os.path.join(folder, name + ".blend"))
        about = f"{name} {facts.get('about', '')}".strip()
        wrong += differences(facts["file"], found, about)
        scenes = {scene["name"]: scene for scene in found["scenes"]}
        assert sorted(scenes) == sorted(facts["scenes"]), (name, sorted(scenes))
        for scene, values in facts["scenes"].items():
            wrong += differences(values, scenes[scene], f"{about}, {scene}")
        needed = found["needed"]
        assert 200 < needed <= found["version"], f"{name} needs {needed}, saved by {found['version']}"
    comment(f"{blender.name}: {len(expected)} files of {found['version_text']}, which need {needed}")
    assert len(expected) > 60 and not wrong, "\n".join(wrong[:40])


for each in all_blenders():
    def check(home, blender=each):
        files_are_read_as_blender_means_them(blender, home)
    check.__name__ = f"the_constants_hold_in_files_of_{each.name.replace(' ', '_')}".replace("'", "")
    case(check)


class Home:
    """A folder for the files, removed at the end."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="distren-constants-")
        return self.folder

    def __exit__(self, *_):
        shutil.rmtree(self.folder)


if __name__ == "__main__":
    run(Home, lambda home: "")
