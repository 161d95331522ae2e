#!/usr/bin/env python3
"""The rooms of the house stand on floors (doc/architecture.md): a room includes those on lower floors alone.

Prints a table of rooms with their files, lines, largest file, and the arrows that run upwards, which must be none.
"""
import os
import re
import sys

# From the ground up; rooms on one floor do not know each other.
FLOORS = """
common/base
common/archive common/http common/process common/render common/protocol
scene/blend
scene image slave
client simpleslave
server/net server/database server/economy
server/http server/config server/store
server/live server/storage
server/dispatch
server/dispatch/fair_share server/media server/submit server/notify
server/slaves
server/jobs
server/standalone server/api
server
"""

# Namespaces of rooms whose types stand beside others of the same name: a row, a message, a formula. Everything else is distren's.
NAMESPACES = {room: "distren::" + room.split("/")[-1] for room in ("client", "common/protocol", "server/store", "server/economy")}

os.chdir(os.environ.get("top_srcdir", "."))
floors = {room: floor for floor, rooms in enumerate(FLOORS.split("\n")) for room in rooms.split()}
tops = {room.split("/")[0] for room in floors}
spaces = {}  # file: what it opens
includes = {}  # file: project headers, with their lines
lines = {}
for top in sorted(tops):
    for folder, _, names in os.walk(top):
        for name in names:
            if name.endswith((".cpp", ".h")):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                lines[path] = text.count("\n")
                spaces[path] = re.findall(r"^namespace (distren[\w:]*) \{", text, re.M)
                found = re.finditer(r'^#include "([^"]+/[^"]+)"', text, re.M)
                includes[path] = [(match[1], text.count("\n", 0, match.start()) + 1) for match in found]

number = 0


def result(sentence, problems):
    global number
    number += 1
    print(f"{'not ok' if problems else 'ok'} {number} - {sentence}")
    for problem in problems[:40]:
        print("# " + problem)


def circles():
    """Headers that include themselves by way of others."""
    done, found = set(), []

    def walk(path, above):
        if path in above:
            found.append(" includes ".join(above[above.index(path):] + [path]))
        elif path not in done and path in includes:
            for included, _ in includes[path]:
                walk(included, above + [path])
            done.add(path)

    for path in sorted(includes):
        walk(path, [])
    return found


# Unit tests stand in the room of what they test; tests/load, a program of the tests, is the one that is no room.
units = sorted({os.path.relpath(folder, "tests/unit") for folder, _, names in os.walk("tests/unit")
                if any(name.endswith((".cpp", ".h")) for name in names)} - {"load"})

upwards = {room: [] for room in floors}
for path, targets in sorted(includes.items()):
    room = os.path.dirname(path)
    for target, line in targets:
        other = os.path.dirname(target)
        if room in floors and other in floors and other != room and floors[other] >= floors[room]:
            upwards[room].append(f"{path}:{line} includes {target}, which is not below {room}/")

files_of = {room: [path for path in lines if os.path.dirname(path) == room] for room in floors}
print(f"# {'room':18} {'files':>5} {'lines':>6} {'upwards':>7}  largest file")
for room in sorted(floors, key=floors.get):
    if files_of[room]:
        largest = max(files_of[room], key=lines.get)
        total = sum(lines[path] for path in files_of[room])
        print(f"# {room:18} {len(files_of[room]):5} {total:6} {len(upwards[room]):7}  {os.path.basename(largest)} {lines[largest]}")
result("every_folder_of_sources_has_its_floor",
       sorted({f"{os.path.dirname(path)}/ is on no floor of tests/style/rooms.py" for path in lines} -
              {f"{room}/ is on no floor of tests/style/rooms.py" for room in floors}))
result("no_room_includes_one_above_it_or_beside_it", [problem for found in upwards.values() for problem in found])
result("no_header_includes_itself_by_way_of_others", circles())
result("every_file_is_in_the_namespace_of_its_room",
       [f"{path} is in {' and '.join(opened)}, not in {NAMESPACES.get(os.path.dirname(path), 'distren')}"
        for path, opened in sorted(spaces.items()) if opened and NAMESPACES.get(os.path.dirname(path), "distren") not in opened])
result("every_unit_test_is_in_the_room_of_what_it_tests",
       [f"tests/unit/{folder}/ tests no room: {folder}/ is not in tests/style/rooms.py" for folder in units if folder not in floors])
print(f"1..{number}")
sys.exit(0)
