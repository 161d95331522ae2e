"""Prints what is wrong with the imports below the folder of the pages' sources: a file on a lower floor that imports one
on a higher floor, a file on no floor, an import that leads nowhere, and each circle of files. Nothing when all is well."""
import os
import re
import sys

# From the bottom: a file imports from its own floor and from those below it.
FLOORS = ("text", "base", "api", "upload", "parts", "viewer", "pages", "shell", "main")
IMPORT = re.compile(r"""(?:^|[;}\s])(?:import|export)\b(?:[^;'"]*?\bfrom)?\s*\(?\s*['"](\.[^'"]*)['"]""")


def floor_of(name):
    first = name.split("/")[0]
    return first if "/" in name else os.path.splitext(first)[0]


def imports_of(root):
    """{file: [imported file]}, by paths relative to root, and the problems on the way."""
    files, problems = {}, []
    for folder, _, names in os.walk(root):
        for name in names:
            if name.endswith((".ts", ".tsx")):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    files[os.path.relpath(path, root)] = file.read()
    graph = {}
    for name, source in sorted(files.items()):
        graph[name] = []
        for target in IMPORT.findall(source):
            wanted = os.path.normpath(os.path.join(os.path.dirname(name), target))
            found = [wanted + end for end in ("", ".ts", ".tsx", ".d.ts") if wanted + end in files]
            graph[name] += found
            if not found:
                problems.append(f"{name} imports {target}, which does not exist")
    return graph, problems


def circles(graph):
    """The strongly connected components of more than one file, and files that import themselves (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(name):
        index[name] = low[name] = len(index)
        stack.append(name)
        for target in graph[name]:
            if target not in index:
                visit(target)
            if target in stack:
                low[name] = min(low[name], low[target])
        if low[name] == index[name]:
            at = stack.index(name)
            members = stack[at:]
            del stack[at:]
            if len(members) > 1 or name in graph[name]:
                found.append(sorted(members))

    for name in graph:
        if name not in index:
            visit(name)
    return found


def problems_of(root):
    graph, problems = imports_of(root)
    for name, targets in graph.items():
        if floor_of(name) not in FLOORS:
            problems.append(f"{name} is on no floor; the floors are {', '.join(FLOORS)}")
            continue
        for target in targets:
            if floor_of(target) in FLOORS and FLOORS.index(floor_of(target)) > FLOORS.index(floor_of(name)):
                problems.append(f"{name} imports {target}, which is on a higher floor")
    return problems + [f"an import circle: {', '.join(each)}" for each in circles(graph)]


if __name__ == "__main__":
    print("\n".join(problems_of(sys.argv[1])))
