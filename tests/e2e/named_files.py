#!/usr/bin/env python3
"""Every kind of data of a .blend that names a file is found by distren-scene: what it lists is what Blender itself says
of the same file, in each version that is here, and what Blender's own list omits; and the driver finds all of them again
when the scene has other paths. Whole trees of other versions lie in
$DISTREN_BLENDERS; one that is not there is skipped."""
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from programs import SOURCE, need, program  # noqa: E402
from tap import Skip, case, comment, run  # noqa: E402

TREES = os.environ.get("DISTREN_BLENDERS") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "distren", "blenders")
SCRIPTS = os.path.join(SOURCE, "tests", "support", "scenes")
METHOD = os.path.join(SOURCE, "methods", "blender")
MOST_CRASHES = 4


def blender_of(tree, folder):
    """The command of this machine's Blender, or of that in a tree, which sees the folder and the script alone."""
    if tree is None:
        need("blender")
        return ["blender"]
    root = os.path.join(TREES, tree)
    if not os.path.exists(os.path.join(root, "usr", "bin", "blender")):
        raise Skip(f"there is no Blender in {root}")
    need("bwrap")
    words = ["bwrap", "--ro-bind", root, "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/root"]
    return [*words, "--bind", folder, folder, "--ro-bind", SCRIPTS, "/tmp/scripts", "--ro-bind",
            METHOD, "/tmp/method", "blender"]


def scripted(tree, folder, script, *arguments):
    """What a script of tests/support/scenes prints."""
    path = os.path.join(SCRIPTS if tree is None else "/tmp/scripts", script)
    done = subprocess.run([*blender_of(tree, folder), "--background", "--factory-startup", "--python", path, "--", folder,
                           *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          timeout=300)
    return done.stdout


def made(tree, folder):
    for _ in range(MOST_CRASHES):
        printed = scripted(tree, folder, "make_named_files.py")
        if "ALL MADE" in printed:
            with open(os.path.join(folder, "expected.json")) as file:
                return json.load(file)
    raise AssertionError("the scenes could not be made: " + printed[-2000:])


def found_again(tree, folder, told):
    """The driver finds them by the last parts of paths of a PC, in other upper and lower case."""
    for kind in told["skipped"]:  # half made
        shutil.rmtree(os.path.join(folder, kind), ignore_errors=True)
    printed = scripted(tree, folder, "find_moved_files.py", METHOD if tree is None else "/tmp/method")
    moved = [line for line in printed.splitlines() if line.startswith("MOVED ")]
    assert moved, printed[-2000:]
    moved = json.loads(moved[0][6:])
    assert sum(each["changed"] for each in moved.values()) >= 15, moved
    for kind, each in moved.items():
        assert not each["lost"] and not each["found before"], (kind, each)
    assert "Deep" in moved["libraries"]["objects"], moved["libraries"]


def place(path, folder):
    path = path.replace("\\", "/")
    return os.path.normpath(os.path.join(folder, path[2:] if path.startswith("//") else path))


def listed(folder):
    """What distren-scene lists: the place of each file, and whether it may be missing."""
    done = subprocess.run([program("distren-scene"), os.path.join(folder, "scene.blend")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    summary = json.loads(done.stdout)["blend"]
    out = {}
    for image in summary["images"]:
        if image["path"] and not image["packed"] and image["source"] in ("file", "sequence", "movie", "tiled"):
            out[place(image["path"], folder)] = image | {"optional": False}
    for use in summary["files"]:
        # Of a pattern Blender names the folder.
        at = place(use["path"], folder)
        if not use["packed"]:
            out[os.path.dirname(at) if use["extent"] == "pattern" else at] = use
    return out, summary


def compare(tree):
    with tempfile.TemporaryDirectory(prefix="distren-named.") as folder:
        told = made(tree, folder)
        comment(f"Blender {told['version']}: {len(told['expected'])} kinds; not made: {told['skipped'] or 'none'}")
        assert len(told["expected"]) >= 15, told["skipped"]
        wrong = []
        for kind, paths in sorted(told["expected"].items()):
            at = os.path.join(folder, kind)
            found, summary = listed(at)
            expected = {place(path, at) for path in paths}
            missing = sorted(path for path in expected if path not in found)
            wrong += [f"{kind}: not listed: {path}; there is {sorted(found)}" for path in missing]
            more = sorted(path for path, use in found.items() if path not in expected and not use["optional"])
            wrong += [f"{kind}: Blender does not name {path}" for path in more]
            assert all(use["user"] for use in found.values()), (kind, found)
            yield kind, found, summary
        assert not wrong, "\n".join(wrong)
        found_again(tree, folder, told)


def holds(tree):
    kinds = {}
    for kind, found, summary in compare(tree):
        kinds[kind] = (found, summary)
        for path, use in found.items():
            there = os.path.exists(path) or use.get("source") == "tiled" or use.get("extent") == "pattern"
            assert there or use["optional"], f"{kind}: {path} is not there"
    assert kinds["disk_cache"][1]["disk_cache"]
    image = next(each for each in kinds["sequence"][1]["images"] if each["source"] == "sequence")
    assert image["numbers"] == [{"first": 2, "last": 3}] and image["user"] == "material 'Wall'", image
    tiles = next(each for each in kinds["tiles"][1]["images"] if each["source"] == "tiled")
    assert [each["first"] for each in tiles["numbers"]] == [1001, 1002], tiles
    clip = next(iter(kinds["movie_clip"][0].values()))
    assert clip["extent"] == "series", clip
    if "simulation" in kinds:
        assert kinds["simulation"][1]["unbaked"] == [], kinds["simulation"]


@case
def this_machines_blender_names_no_file_that_is_not_listed(_):
    holds(None)


@case
def the_blender_of_trixie_names_no_file_that_is_not_listed(_):
    holds("trixie")


@case
def the_blender_of_sid_names_no_file_that_is_not_listed(_):
    holds("sid")


@contextlib.contextmanager
def nothing():
    yield None


run(nothing)
