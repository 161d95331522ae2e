#!/usr/bin/env python3
"""Fits the figures of a method's <benchmark>: renders variants of it, on one core, and prints fixed-ms and
ms-per-megasample by least squares, with what is left unexplained. The figures that stand there bound the variants to some 20 s. Run it on a quiet machine of the reference kind:

    contrib/measure_benchmark.py methods/blender [ROUNDS]
"""
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

NAMES = {"m": "https://distren.org/method"}


def cpu_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


def render(method, folder, parameters, out):
    bench = method.find("m:benchmark", NAMES)
    job = os.path.dirname(os.path.join(folder, bench.get("scene")))
    places = {"job": job, "folder": job, "method": folder, "threads": "1", "output": out}
    command = method.find("m:command", NAMES)
    argv = [method.find("m:program", NAMES).get("name")]
    for argument in command:
        name, _, value = (argument.get("when") or "").partition("=")
        if argument.get("unless") not in parameters and (not name or name in parameters and
                                                         value in ("", str(parameters[name]))):
            argv.append(re.sub(r"\{([a-z_-]+)\}", lambda word: str({**places, **parameters}[word[1]]), argument.text or ""))
    words = json.dumps({**parameters, "output": out}) + "\n" if command.get("session") == "true" else ""
    before = cpu_of_children()
    done = subprocess.run(argv, input=words, capture_output=True, text=True, cwd=os.path.dirname(out))
    used = cpu_of_children() - before
    left = os.listdir(os.path.dirname(out))
    for name in left:
        os.remove(os.path.join(os.path.dirname(out), name))
    if done.returncode != 0 or len(left) != 1:
        sys.exit(f"{argv} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return used


def main(folder, rounds):
    folder = os.path.abspath(folder)
    method = xml.parse(os.path.join(folder, "method.xml")).getroot()
    bench = {name: int(value) if value.isdigit() else value
             for name, value in method.find("m:benchmark", NAMES).attrib.items()}
    known = {each.get("name") for each in method.find("m:parameters", NAMES)}
    low = max(bench["min-samples"], 1)
    points = []
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(rounds):
            percentage = random.randint(bench["min-percentage"], bench["max-percentage"])
            width, height = bench["width"] * percentage // 100, bench["height"] * percentage // 100
            most = min(bench["max-samples"], max(low, int(20e9 / bench["ms-per-megasample"] / width / height)))
            samples = random.randint(low, most)
            parameters = {"file": os.path.basename(bench["scene"]), "format": bench["format"], "samples": samples,
                          "frame": random.randint(bench["first-frame"], bench["last-frame"]),
                          "percentage": percentage, "width": width, "height": height}
            parameters = {name: value for name, value in parameters.items() if name in known}
            used = render(method, folder, parameters, os.path.join(scratch, f"{number}.out"))
            points.append((samples * width * height / 1e6, used))
            print(f"{parameters} {points[-1][0]:.2f} megasamples {used:.0f} ms", flush=True)
    # Each point counts by its share, not by its milliseconds: a power is a ratio.
    weight = [1 / y ** 2 for _, y in points]
    s, sx, sy = sum(weight), sum(w * x for w, (x, _) in zip(weight, points)), sum(w * y for w, (_, y) in zip(weight, points))
    sxx, sxy = sum(w * x * x for w, (x, _) in zip(weight, points)), sum(w * x * y for w, (x, y) in zip(weight, points))
    slope = (s * sxy - sx * sy) / (s * sxx - sx * sx)
    fixed = (sy - slope * sx) / s
    off = sorted(abs(y / (fixed + slope * x) - 1) for x, y in points)
    print(f'fixed-ms="{fixed:.0f}" ms-per-megasample="{slope:.0f}"; off by {100 * off[len(off) // 2]:.1f} % in the '
          f"median, {100 * off[-1]:.1f} % at most, over {rounds} variants")


main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 24)
