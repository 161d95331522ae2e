#!/usr/bin/env python3
"""Writes a GNUmakefile into a configured build folder that compiles the libraries in groups of sources instead of file by
file: a first build in a third of the time, while a change of one file costs its whole group. quickstart uses it;
remove the GNUmakefile to build file by file again.

usage: contrib/unity.py BUILD_FOLDER"""

import os
import pathlib
import re
import sys

GROUP_BYTES = 120_000  # sources of a group: several groups for every core, each a few seconds

RULES = """
unity/{library}-{number}.o: unity/{library}-{number}.cpp $(BUILT_SOURCES)
\t$(AM_V_CXX){compile} -w -MMD -MP -c -o $@ $< 2>$@.log || \\
\t  {{ $(MAKE) {singles} && $(CXX) -r -nostdlib -o $@ {singles}; }}
"""


def variables(makefile):
    """Name to words of what automake wrote."""
    text = makefile.read_text().replace("\\\n", " ")
    return {name: value.split() for name, value in re.findall(r"^([A-Za-z_]\w*) = (.*)$", text, re.M)}


def own_names(text):
    """What a source defines for itself, at the left edge: two sources with a name in common cannot be one."""
    text = re.sub(r"\b\w+::~?\w+\(", "(", text)  # members of classes clash only if their classes do
    names = set(re.findall(r"^(?!using|namespace|return)[A-Za-z_][\w:<>,&* \[\]()]*?[ *&>](\w+)(?=\(| =|\{|;)", text, re.M))
    names |= set(re.findall(r"^(?:struct|class|enum class|enum|union)\s+(\w+)", text, re.M))
    names |= set(re.findall(r"^#define\s+(\w+)", text, re.M))
    return names


def grouped(sources, top):
    """Lists of sources, folder by folder, none with names in common, none larger than GROUP_BYTES."""
    groups = []
    for source in sorted(sources, key=os.path.dirname):
        text = (top / source).read_text()
        names = own_names(text)
        for group in groups:
            if group["bytes"] + len(text) <= GROUP_BYTES and not group["names"] & names:
                break
        else:
            group = {"bytes": 0, "names": set(), "sources": []}
            groups.append(group)
        group["bytes"] += len(text)
        group["names"] |= names
        group["sources"].append(source)
    return [group["sources"] for group in groups]


def main(folder):
    build = pathlib.Path(folder)
    values = variables(build / "Makefile")
    top = build / values["top_srcdir"][0]
    head, rules = ["# Written by contrib/unity.py."], []
    (build / "unity").mkdir(exist_ok=True)
    for name in sorted(values):
        if not (match := re.fullmatch(r"am_(lib\w+_a)_OBJECTS", name)):
            continue
        library = match[1]
        sources = [word for word in values[f"{library}_SOURCES"] if word.endswith(".cpp")]
        groups = grouped(sources, top)
        if len(groups) == len(sources):
            continue
        prefix = f"{library}-" if f"{library}_CXXFLAGS" in values or f"{library}_CPPFLAGS" in values else ""
        for number, group in enumerate(groups, 1):
            text = "".join(f'#include "{source}"\n' for source in group)
            write_if_changed(build / "unity" / f"{library}-{number}.cpp", text)
            singles = " ".join(f"{os.path.dirname(source)}/{prefix}{pathlib.Path(source).stem}.o" for source in group)
            flags = [f"{library}_{kind}" if f"{library}_{kind}" in values else f"AM_{kind}" for kind in ("CPPFLAGS", "CXXFLAGS")]
            compile_ = f"$(CXX) $(DEFS) $(DEFAULT_INCLUDES) $(INCLUDES) $({flags[0]}) $(CPPFLAGS) $({flags[1]}) $(CXXFLAGS)"
            rules.append(RULES.format(library=library, number=number, compile=compile_, singles=singles))
        head.append(f"override {library}_OBJECTS = " + " ".join(f"unity/{library}-{n}.o" for n in range(1, len(groups) + 1)))
    sources = f"Makefile {os.path.relpath(__file__, build)}"
    text = "\n".join(head) + "\n\ninclude Makefile\n" + "".join(rules)
    text += f"\nGNUmakefile: {sources}\n\tpython3 {os.path.relpath(__file__, build)} .\n\n-include $(wildcard unity/*.d)\n"
    write_if_changed(build / "GNUmakefile", text)
    os.utime(build / "GNUmakefile")


def write_if_changed(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
