#!/usr/bin/env python3
"""clang-tidy over all sources of the programs, many files at a time: names alone, or with --all everything in .clang-tidy.

A file alone costs seconds, nearly all of them for the headers of libraries, so files are read together: they are put into a
few groups, of one program and without clashes between their unnamed namespaces, and each group is one translation unit. A
group that was clean is known by the digest of all that went into it and is not read again: after a change only its
group is. Names cost a quarter of everything, so the style suite checks them and ./runtests tidy the rest.
Usage: tidy.py [--all] [WORD...]: the groups with files whose paths contain a word; default every group.
       tidy.py --commands: writes compile_commands.json into the build folder, for editors.
"""
import concurrent.futures
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time

os.chdir(os.environ.get("top_srcdir", "."))
TOP = os.getcwd()
BUILD = os.path.abspath(os.environ.get("top_builddir", "build"))
WORK = os.path.join(BUILD, "tidy")
PROGRAMS = [["common", "scene"], ["server"], ["slave", "simpleslave"], ["client"], ["image"]]
LINES = 9000  # of a group, headers not counted: more, and one change reads too much again
NOT_OURS = {"common/base/instances.cpp"}  # members of libraries' templates under the libraries' names
PACKAGES = "libevent libcurl openssl libxml-2.0 nlohmann_json fmt spdlog libarchive libzstd zlib tomlplusplus OpenImageIO CLI11".split()
ALL = "--all" in sys.argv
WORDS = [word for word in sys.argv[1:] if not word.startswith("--")]
# Of the group, not of a file: .cpp files are included here on purpose.
CHECKS = "-bugprone-suspicious-include" if ALL else "-*,readability-identifier-naming"
WANTED = "nothing" if ALL else "no_wrong_name"


def sources():
    return [sorted({path for top in tops for path in glob.glob(top + "/**/*.cpp", recursive=True)} - NOT_OURS)
            for tops in PROGRAMS]


def private_names(text):
    """What a file declares for itself: names in unnamed namespaces, aliases of namespaces, macros, main."""
    names = set(re.findall(r"^#define\s+(\w+)", text, re.M))
    names |= {"main"} & set(re.findall(r"^int (main)\(", text, re.M))
    names |= {match[0] + "=" + match[1] for match in re.findall(r"^using (\w+) = (.*);", text, re.M)}
    for block in re.findall(r"^namespace \{\n(.*?)^\}  // namespace\n", text, re.M | re.S):
        for line in block.split("\n"):
            if not line or line[0] in " }/#{" or re.match(r"using \w+::|namespace ", line):
                continue
            if found := re.match(r"(?:struct|class|enum(?: class)?|using|union) (\w+)", line):
                names.add(found[1])
            elif found := re.search(r"([A-Za-z_]\w*)(?:\[\w*\])?\s*(?:\(|=|\{|;)", line):
                names.add(found[1])
    return names


def groups():
    """[(name, files)]"""
    made = []
    for files in sources():
        room_of = []  # [names, lines, files]
        for path in files:
            with open(path, encoding="utf-8") as file:
                text = file.read()
            names, lines = private_names(text), text.count("\n")
            for group in room_of:
                if not names & group[0] and group[1] + lines <= LINES:
                    break
            else:
                group = [set(), 0, []]
                room_of.append(group)
            group[0] |= names
            group[1] += lines
            group[2].append(path)
        made += [(f"{files[0].split('/')[0]}{at}", group[2]) for at, group in enumerate(room_of)]
    return made


def with_headers(files):
    """The files and every header of ours that they include, directly or not."""
    found, left = set(), list(files)
    while left:
        path = left.pop()
        if path in found or not os.path.exists(path):
            continue
        found.add(path)
        with open(path, encoding="utf-8") as file:
            left += re.findall(r'^#include "([^"]+/[^"]+)"', file.read(), re.M)
    return sorted(found)


def flags():
    known = [name for name in PACKAGES if subprocess.run(["pkg-config", "--exists", name], check=False).returncode == 0]
    out = subprocess.run(["pkg-config", "--cflags", *known], capture_output=True, text=True, check=True).stdout.split()
    home = [f'-DDISTREN_{name}="/"' for name in "HOME DATADIR SYSCONFDIR LIBEXECDIR VERSION".split()]
    return ["-std=c++20", "-pthread", "-D_GNU_SOURCE", "-DHAVE_CONFIG_H", "-I" + TOP, "-I" + BUILD, *home, *out]


def digest(files, arguments):
    sha = hashlib.sha256(repr(arguments).encode())
    for path in [".clang-tidy", os.path.abspath(__file__), *with_headers(files)]:
        with open(path, "rb") as file:
            sha.update(path.encode() + b"\0" + file.read() + b"\0")
    return sha.hexdigest()


def read(name, files, arguments):
    """What clang-tidy says of them; '' when they are clean."""
    unit = os.path.join(WORK, name + (".all.cpp" if ALL else ".cpp"))
    with open(unit, "w", encoding="utf-8") as file:
        file.writelines(f'#include "{path}"\n' for path in files)
    done = subprocess.run([TIDY, "--quiet", "--checks=" + CHECKS, unit, "--", *arguments], capture_output=True, text=True,
                          check=False)
    lines = [line for line in done.stdout.replace(TOP + "/./", "").replace(TOP + "/", "").split("\n") if line.strip()]
    if done.returncode != 0 or lines:
        return "\n".join(lines) or done.stderr[-2000:]
    return ""


if "--commands" in sys.argv:
    with open(os.path.join(BUILD, "compile_commands.json"), "w", encoding="utf-8") as file:
        json.dump([{"directory": BUILD, "file": os.path.join(TOP, path), "arguments": ["c++", *flags(), "-c", os.path.join(TOP, path)]}
                   for path in [*sum(sources(), []), *glob.glob("tests/**/*.cpp", recursive=True)]], file, indent=1)
    sys.exit(0)
TIDY = shutil.which("clang-tidy-14") or shutil.which("clang-tidy")
if not TIDY:
    print("1..0 # SKIP clang-tidy is not installed")
    sys.exit(0)
os.makedirs(WORK, exist_ok=True)
chosen = [(name, files) for name, files in groups()
          if not WORDS or any(word in path for word in WORDS for path in files)]
ARGUMENTS = flags()


def check(group):
    name, files = group
    began = time.monotonic()
    known = digest(files, ARGUMENTS)
    for stamp in ("all",) if ALL else ("all", "names"):
        if os.path.exists(os.path.join(WORK, f"{name}.{stamp}")):
            with open(os.path.join(WORK, f"{name}.{stamp}"), encoding="ascii") as file:
                if file.read() == known:
                    return name, files, "", 0.0
    said = read(name, files, ARGUMENTS)
    if not said:
        with open(os.path.join(WORK, name + (".all" if ALL else ".names")), "w", encoding="ascii") as file:
            file.write(known)
    return name, files, said, time.monotonic() - began


total = time.monotonic()
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    for number, (name, files, said, took) in enumerate(pool.map(check, chosen), 1):
        print(f"{'not ok' if said else 'ok'} {number} - clang_tidy_finds_{WANTED}_in_{name}")
        print(f"# {len(files)} files, " + (f"{took:.0f} s" if took else "clean before"))
        for line in said.split("\n")[:60] if said else []:
            print("# " + line)
        sys.stdout.flush()
print(f"# {time.monotonic() - total:.0f} s in all")
print(f"1..{len(chosen)}")
