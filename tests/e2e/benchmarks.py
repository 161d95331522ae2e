#!/usr/bin/env python3
"""Every method's benchmark, rendered by its real program in several variants: the image has the requested size and
shows the requested frame, and no other image is accepted."""
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from programs import SOURCE, need, program  # noqa: E402
from tap import case, run  # noqa: E402

SPACE = {"m": "https://distren.org/method"}
VARIANTS = ((1, 50), (349525, 77), (699050, 100), (1000000, 150))


class Method:
    def __init__(self, name):
        self.folder = os.path.join(SOURCE, "methods", name)
        self.root = xml.parse(os.path.join(self.folder, "method.xml")).getroot()
        self.bench = self.root.find("m:benchmark", SPACE).attrib
        self.program = self.root.find("m:program", SPACE).get("name")
        self.known = {each.get("name") for each in self.root.find("m:parameters", SPACE)}

    def size(self, percentage):
        return [int(self.bench[side]) * percentage // 100 for side in ("width", "height")]

    def render(self, frame, percentage, out):
        """Runs the program as the slave does: by command line and, for a session, one order on its input."""
        width, height = self.size(percentage)
        wanted = {"file": os.path.basename(self.bench["scene"]), "frame": frame, "format": self.bench["format"],
                  "samples": int(self.bench["min-samples"]), "percentage": percentage, "width": width, "height": height}
        if "percentage" in self.known:
            del wanted["width"], wanted["height"]
        parameters = {name: value for name, value in wanted.items() if name in self.known}
        job = os.path.join(self.folder, os.path.dirname(self.bench["scene"]))
        words = {**parameters, "job": job, "folder": job, "output": out, "method": self.folder, "threads": 2}
        command = self.root.find("m:command", SPACE)

        def taken(argument):
            name, _, value = (argument.get("when") or "").partition("=")
            return argument.get("unless") not in parameters and (
                not name or name in parameters and value in ("", str(parameters[name])))

        argv = [self.program] + [re.sub(r"\{([a-z_-]+)\}", lambda word: str(words[word[1]]), each.text or "")
                                 for each in command if taken(each)]
        order = json.dumps({**parameters, "output": out}) + "\n" if command.get("session") == "true" else ""
        done = subprocess.run(argv, input=order, capture_output=True, text=True, cwd=os.path.dirname(out))
        if self.root.find("m:output", SPACE).get("only-file") == "true":
            (added,) = [name for name in os.listdir(os.path.dirname(out)) if name.startswith(os.path.basename(out))]
            os.rename(os.path.join(os.path.dirname(out), added), out)
        assert os.path.exists(out), f"{argv}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"


def image(*arguments):
    done = subprocess.run([program("distren-image"), "check", *map(str, arguments)], capture_output=True, text=True)
    answer = json.loads(done.stdout)
    assert (done.returncode == 0) == answer["ok"], done
    return answer


def shows(file, frame, width, height, kind):
    return image(file, "--benchmark-frame", frame, "--width", width, "--height", height, "--format", kind)


def cases_of(name):
    def every_variant_shows_its_frame(folder):
        method = Method(name)
        need(method.program)
        for frame, percentage in VARIANTS:
            out = os.path.join(folder, f"{name}-{frame}")
            method.render(frame, percentage, out)
            answer = shows(out, frame, *method.size(percentage), method.bench["format"])
            assert answer["ok"] and answer["code"] == frame and not answer["constant"], answer

    def other_images_are_rejected(folder):
        method = Method(name)
        need(method.program)
        kind = method.bench["format"]
        frame, percentage = VARIANTS[1]
        file, size = os.path.join(folder, f"{name}-{frame}"), method.size(percentage)
        assert "shows frame" in shows(file, frame + 1, *size, kind)["error"]
        assert "was asked for" in shows(file, frame, *method.size(100), kind)["error"]
        stretched, bare = os.path.join(folder, "stretched.png"), os.path.join(folder, "bare.png")
        need("ffmpeg")
        wide, high = method.size(VARIANTS[3][1])
        small = os.path.join(folder, f"{name}-{VARIANTS[0][0]}")
        for out, change in ((stretched, f"scale={wide}:{high}"),
                            (bare, "crop=iw:ih*0.7:0:0,scale=%d:%d" % tuple(method.size(VARIANTS[0][1])))):
            subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "image2", "-i", small, "-vf", change, "-update", "1",
                            "-y", out], check=True, stdin=subprocess.DEVNULL)
        assert "no frame number" in shows(stretched, VARIANTS[0][0], wide, high, "PNG")["error"]
        assert "no frame number" in shows(bare, VARIANTS[0][0], *method.size(VARIANTS[0][1]), "PNG")["error"]

    for each in (every_variant_shows_its_frame, other_images_are_rejected):
        each.__name__ = f"{name}_{each.__name__}"
        case(each)


for method_name in sorted(os.listdir(os.path.join(SOURCE, "methods"))):
    definition = os.path.join(SOURCE, "methods", method_name, "method.xml")
    if os.path.exists(definition) and xml.parse(definition).getroot().find("m:benchmark", SPACE) is not None:
        cases_of(method_name)


@contextlib.contextmanager
def scratch():
    with tempfile.TemporaryDirectory(prefix="distren-benchmarks-") as folder:
        yield folder


run(scratch)
