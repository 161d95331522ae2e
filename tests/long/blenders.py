#!/usr/bin/env python3
"""Every kind of scene in every Blender: the driver, as a slave runs it, against the same Blender without it. A matrix of scene
kind and version with the largest difference of a pixel, in steps of 8 bits, is printed at the end; so is the CPU time of the
benchmark. Trees come from contrib/blender-tree; what the archive does not give today is skipped with its reason."""
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from blenders import METHOD, find, largest_difference  # noqa: E402
from programs import SOURCE, check_image, compare_images, need, program  # noqa: E402
from tap import Skip, case, comment, run  # noqa: E402

SUITES = os.environ.get("BLENDERS", "here trixie sid").split()
SCRIPT = os.path.join(SOURCE, "tests", "support", "scenes", "make_matrix.py")
FRAMES = (3, 5)  # a gap, as when another slave has the frame between
LAYER = "[setattr(layer, 'use', layer.name == 'Balls') for layer in scene.view_layers]"
KINDS = {  # a name: (scene, what an order asks for, the same by hand)
    "cycles": ("cycles", {}, ""),
    "eevee": ("eevee", {}, ""),
    "workbench": ("workbench", {}, ""),
    "compositor": ("compositing", {}, ""),
    "sequencer": ("sequencer", {}, ""),
    "view_layer": ("layers", {"view-layer": "Balls"}, LAYER),
    "grease_pencil": ("pencil", {}, ""),
    "region": ("region", {}, ""),
    "freestyle": ("freestyle", {}, ""),
    "stereo_side_by_side": ("stereo_wide", {}, ""),
    "stereo_squeezed": ("stereo_squeezed", {}, ""),
    "stereo_anaglyph": ("stereo_anaglyph", {}, ""),
    "stereo_views": ("stereo_views", {}, ""),
    "file_output": ("outputs", {}, ""),
    "other_camera": ("cycles", {"camera": "Side"}, "scene.camera = bpy.data.objects['Side']"),
    "other_size": ("cycles", {"width": 64, "height": 48, "samples": 2},
                   "r = scene.render; r.resolution_x, r.resolution_y, scene.cycles.samples = 64, 48, 2"),
    "percentage": ("workbench", {"percentage": 37}, "scene.render.resolution_percentage = 37"),
    "other_engine": ("cycles", {"engine": "BLENDER_WORKBENCH"}, "scene.render.engine = 'BLENDER_WORKBENCH'"),
    "float": ("cycles", {"format": "OPEN_EXR"}, "scene.render.image_settings.file_format = 'OPEN_EXR'"),
    "plain": ("plain", {}, ""),
    "deep": ("deep", {}, ""),
}
TILES = ((1, 40), (41, 96)), ((1, 20), (21, 54))  # columns, rows


class Version:
    """One Blender, its scenes, and what it renders by itself."""

    def __init__(self, name, folder):
        self.folder = os.path.join(folder, name)
        self.home = os.path.join(folder, "home-" + name)
        self.blender = find(name, self.home)
        self.version = self.blender.version
        self.scenes = os.path.join(self.folder, "scenes")
        os.makedirs(self.scenes)
        self.blender.script(SCRIPT, self.scenes, self.scenes)
        jobs = []
        for kind, (scene, _, lines) in KINDS.items():
            place = os.path.join(self.own(kind), "scene")  # File Output nodes write beside and above the file
            os.makedirs(place)
            shutil.copy(os.path.join(self.scenes, scene + ".blend"), place)
            jobs.append((os.path.join(place, scene + ".blend"), self.own(kind), FRAMES, lines))
        self.blender.alone(jobs, self.folder)

    def own(self, kind):
        return os.path.join(self.folder, "alone", kind)

    def orders(self, scene, wanted, kind, **more):
        """(done events by frame, all events, other lines, the folder) of the driver's frames of a scene."""
        folder = os.path.join(self.folder, "driven", kind)
        os.makedirs(folder)
        extension = ".exr" if wanted.get("format") == "OPEN_EXR" else ".png"
        orders = [{"frame": frame, "output": f"{700 + frame}{extension}", "format": "PNG", **wanted, **more}
                  for frame in FRAMES]
        events, lines, _ = self.blender.driven(os.path.join(self.scenes, scene + ".blend"), folder, orders)
        done = {event["frame"]: event for event in events if event["event"] == "done"}
        assert sorted(done) == sorted(FRAMES), (events, lines[-20:])
        return done, events, lines, folder


def warnings_of(events):
    return [event["text"] for event in events if event["event"] == "warning"]


def compared(made, kind, mine, own):
    found = compare_images(mine, own)
    assert found.get("verdict") == "match", (mine, own, found)
    difference = largest_difference(mine, own)
    assert difference is not None, (mine, own)
    row = made.table.setdefault(kind, {})
    row[made.now] = max(row.get(made.now, 0), difference)
    return difference


def each(name, sentence):
    """A case of this suite's Blender."""
    def of_function(function):
        def check(made):
            function(made, made.of(name))
        check.__name__ = f"{sentence}_in_the_blender_of_{name}"
        case(check)
        return function
    return of_function


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(place, name), folder)
                  for place, _, names in os.walk(folder) for name in names)


def matrix_case(name, kind):
    scene, wanted, _ = KINDS[kind]

    @each(name, f"{kind}_is_the_same_image_as_without_the_driver")
    def matrix(made, version):
        done, events, _, folder = version.orders(scene, wanted, kind)
        assert not warnings_of(events), events
        for frame in FRAMES:
            main = done[frame]["outputs"][0]
            mine = os.path.join(folder, main["name"])
            extension = os.path.splitext(mine)[1]
            own = os.path.join(version.own(kind), f"{frame:04}{extension}")
            if kind == "stereo_views":
                own = os.path.join(version.own(kind), f"{frame:04}_L.png")
            good = check_image(mine, "--width", main["width"], "--height", main["height"])
            assert good.returncode == 0, (main, good.stdout)
            assert compared(made, kind, mine, own) == 0, f"{kind}: a pixel of frame {frame} differs"


def file_case(name):
    @each(name, "all_files_of_a_frame_are_listed_under_blenders_names")
    def files(_made, version):
        for kind, below, listed in (("stereo_views", "", ["{:04}_L.png", "{:04}_R.png"]),
                                    ("file_output", "passes", ["passes/beauty_{:04}.png", "passes/depth/z_{:04}.png",
                                                               "renders/Image{:04}.exr"])):
            scene, wanted, _ = KINDS[kind]
            done, _, _, folder = version.orders(scene, wanted, "files_" + kind)
            last = FRAMES[-1]
            for frame in FRAMES:
                names = [output["name"] for output in done[frame]["outputs"][1:]]
                assert names == [each_name.format(frame) for each_name in listed], (kind, names)
            for output in done[last]["outputs"][1:]:
                mine = os.path.join(folder, output["name"])
                assert (output["width"], output["height"]) == (96, 54), output
                assert check_image(mine).returncode == 0, output
                own = os.path.join(version.own(kind), output["name"])
                if output["name"].startswith(below):
                    assert compare_images(mine, own)["verdict"] == "match", output
            # What the slave left of an earlier frame is gone; nothing lies elsewhere.
            assert files_below(folder) == sorted([*(f"{700 + frame}.png" for frame in FRAMES),
                                                  *(output["name"] for output in done[last]["outputs"][1:])])


def tile_case(name, scene, most):
    @each(name, f"tiles_of_{scene}_make_the_whole_frame")
    def tiles(made, version):
        folder = os.path.join(version.folder, "tiles-" + scene)
        os.makedirs(folder)
        placed, orders = [], []
        for across in TILES[0]:
            for down in TILES[1]:
                output = f"{across[0]}-{down[0]}.png"
                orders.append({"frame": 3, "output": output, "format": "PNG", "first-column": across[0],
                               "last-column": across[1], "first-row": down[0], "last-row": down[1]})
                placed.append(f"{folder}/{output}@{across[0] - 1},{down[0] - 1}")
        events, _, _ = version.blender.driven(os.path.join(version.scenes, scene + ".blend"), folder, orders)
        assert not warnings_of(events), events
        whole = os.path.join(folder, "whole.png")
        done = subprocess.run([program("distren-image"), "stitch", "--width=96", "--height=54", whole, *placed],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        difference = compared(made, f"tiles_of_{scene}", whole, os.path.join(version.own(scene), "0003.png"))
        assert difference <= most, f"pixels differ by up to {difference}"


def other_cases(name):
    @each(name, "the_engine_eevee_is_found_under_the_name_of_other_versions")
    def eevee(made, version):
        major, minor = map(int, version.version.split(".")[:2])
        other = "BLENDER_EEVEE" if (4, 2) <= (major, minor) < (5, 0) else "BLENDER_EEVEE_NEXT"
        done, _, _, folder = version.orders("cycles", {"engine": other}, "eevee-by-name")
        mine = os.path.join(folder, done[3]["outputs"][0]["name"])
        compared(made, "eevee_by_name", mine, os.path.join(version.own("eevee"), "0003.png"))

    @each(name, "a_camera_that_is_a_program_is_refused")
    def program_camera(_made, version):
        scene = os.path.join(version.scenes, "program_camera.blend")
        if not os.path.exists(scene):
            raise Skip(f"Blender {version.version} has none")
        folder = os.path.join(version.folder, "program-camera")
        os.makedirs(folder)
        events, _, _ = version.blender.driven(scene, folder, [{"frame": 3, "output": "3.png", "format": "PNG"}])
        assert any("Open Shading Language" in event.get("text", "") for event in events if event["event"] == "problem")
        assert not os.listdir(folder)

    @each(name, "style_modules_of_freestyle_are_left_out_with_a_warning")
    def modules(_made, version):
        done, events, _, folder = version.orders("style_module", {}, "style-module")
        assert len(done) == len(FRAMES) and any("style modules" in text for text in warnings_of(events)), events
        assert files_below(folder) == ["703.png", "705.png"], files_below(folder)

    @each(name, "progress_is_printed_as_the_method_reads_it")
    def progress(_made, version):
        with open(os.path.join(METHOD, "method.xml")) as file:
            patterns = re.findall('<progress pattern="([^"]+)"', file.read())
        _, _, lines, _ = version.orders("cycles", {"samples": 64}, "progress")
        assert any(re.search(pattern, line) for pattern in patterns for line in lines), lines[-30:]

    @each(name, "a_tile_mutes_file_output_nodes_and_refuses_stereo")
    def muted(_made, version):
        tile = {"first-column": 1, "last-column": 48, "first-row": 1, "last-row": 54}
        done, events, _, folder = version.orders("outputs", tile, "muted")
        assert [len(event["outputs"]) for event in done.values()] == [1, 1], done
        assert any("is muted: a tile" in text for text in warnings_of(events)), events
        assert files_below(folder) == ["703.png", "705.png"], files_below(folder)
        folder = os.path.join(version.folder, "stereo-tile")
        os.makedirs(folder)
        events, _, _ = version.blender.driven(os.path.join(version.scenes, "stereo_wide.blend"), folder,
                                              [{"frame": 3, "output": "3.png", **tile}])
        assert any("stereo" in event.get("text", "") for event in events if event["event"] == "problem"), events

    @each(name, "an_image_format_is_saved_and_read_or_refused")
    def formats(_made, version):
        folder = os.path.join(version.folder, "formats")
        os.makedirs(folder)
        wanted = {"AVIF": "avif", "WEBP": "webp", "JPEG2000": "jp2", "TIFF": "tif", "IRIS": "rgb"}
        orders = [{"frame": 3, "output": "3." + extension, "format": name_of} for name_of, extension in wanted.items()]
        events, _, _ = version.blender.driven(os.path.join(version.scenes, "cycles.blend"), folder, orders)
        answers = [event for event in events if event["event"] in ("done", "problem")]
        for (name_of, extension), answer in zip(wanted.items(), answers):
            if answer["event"] == "problem":
                assert "cannot save" in answer["text"] or "saved no image" in answer["text"], answer
                comment(f"{version.version} has no {name_of}: {answer['text']}")
                continue
            good = check_image(os.path.join(folder, "3." + extension), "--format", name_of)
            assert good.returncode == 0, (name_of, good.stdout)
        assert sum(answer["event"] == "done" for answer in answers) >= 4, answers

    @each(name, "the_benchmark_renders_and_its_time_is_comparable")
    def benchmark(made, version):
        folder = os.path.join(version.folder, "benchmark")
        os.makedirs(folder)
        order = {"frame": 1, "output": "1.png", "format": "PNG", "width": 480, "height": 270, "samples": 16}
        events, _, used = version.blender.driven(os.path.join(METHOD, "benchmark", "benchmark.blend"), folder, [order])
        assert any(event["event"] == "done" for event in events), events
        assert check_image(os.path.join(folder, "1.png")).returncode == 0
        made.benchmarks[made.now] = used


class Made:
    def __init__(self, folder):
        self.folder, self.versions, self.table, self.benchmarks, self.now = folder, {}, {}, {}, ""

    def of(self, name):
        if name not in self.versions:
            try:
                self.versions[name] = Version(name, self.folder)
            except (Skip, Exception) as reason:  # a Blender that cannot do this fails each case of its own
                self.versions[name] = reason
        found = self.versions[name]
        if isinstance(found, BaseException):
            raise found
        self.now = found.version
        return found

    def print_table(self):
        versions = [found.version for found in self.versions.values() if isinstance(found, Version)]
        comment("largest difference of a pixel, of 255".ljust(40) + "".join(each.rjust(9) for each in versions))
        for kind, row in self.table.items():
            comment(kind.ljust(40) + "".join((f"{row[each]:.4g}" if each in row else "-").rjust(9) for each in versions))
        comment("CPU seconds of the benchmark".ljust(40) +
                "".join(f"{self.benchmarks.get(each, 0):.2f}".rjust(9) for each in versions))


@contextlib.contextmanager
def make():
    need("compare")
    folder = tempfile.mkdtemp(prefix="distren-blenders-")
    made = Made(folder)
    try:
        yield made
        made.print_table()
    finally:
        if not os.environ.get("KEEP_GRID"):
            shutil.rmtree(folder, ignore_errors=True)


for suite in SUITES:
    for each_kind in KINDS:
        matrix_case(suite, each_kind)
    file_case(suite)
    tile_case(suite, "plain", 0)
    tile_case(suite, "deep", 0)
    tile_case(suite, "cycles", 2)  # the noise of 8 bits begins anew in each tile
    other_cases(suite)

run(make)
