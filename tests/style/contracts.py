#!/usr/bin/env python3
"""Every public header says its threads, errors and units, every procedure its errors and rows.

A header opens with at most eight lines of comment. Where it returns a Result, a comment names an error or what is
refused. A number that measures something has its unit in its name, or in a comment beside it or above its struct.
client/ and image/ are programs of one thread (doc/architecture.md); their headers need not say so.
"""
import glob
import os
import re

os.chdir(os.environ.get("top_srcdir", "."))
SOURCES = "common scene server slave simpleslave client image".split()
ONE_THREAD = ("client/", "image/")
# Included by a flag of the compiler, by nobody's name.
PRECOMPILED = [f"common/base/{name}.h" for name in ("precompiled", "json_instances", "json_serializers")]
THREADS = re.compile(r"\b(threads?|workers?|loops?|pure|start-up|signal handler|values? alone)\b", re.I)
ERRORS = re.compile(r"\b(invalid|denied|not_found|conflict|unavailable|fail\w*|errors?|refus\w+|reject\w*)\b", re.I)
UNITS = re.compile(r"(?<!')\b(ms|s|UNIX|(milli|micro|nano)?seconds?|minutes?|hours?|days?|per cent|percent|bytes?|"
                   r"[KMG]iB|thousandths?|0 to 1|degrees)\b|°|%", re.I)
# Numbers whose name says what they measure; the unit is missing when the name does not end in one.
MEASURE = re.compile(r"^\s*(?:static\s+|constexpr\s+|inline\s+)*(?:std::)?"
                     r"(?:u?int\d*_t|int|long|double|float|size_t|unsigned)\s+"
                     r"((?:\w+_)?(?:age|wait|timeout|lag|delay|duration|deadline|interval|expires|uptime|memory|disk|"
                     r"temperature|bandwidth|rate|lifetime|period|time))\s*(?:=[^;]*|\{[^;]*)?;(.*)$")

number = 0


def result(sentence, problems):
    global number
    number += 1
    print(f"{'not ok' if problems else 'ok'} {number} - {sentence}")
    for problem in problems[:40]:
        print("# " + problem)


def opening(lines, mark):
    """The comment at the top: its lines."""
    found = []
    for line in lines:
        if not line.startswith(mark):
            break
        found.append(line[len(mark):].strip())
    return found


long, threads, errors, units = [], [], [], []
for top in SOURCES:
    for path in sorted(glob.glob(top + "/**/*.h", recursive=True)):
        if path in PRECOMPILED:
            continue
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        head = opening(lines, "//")
        if not 1 <= len(head) <= 8:
            long.append(f"{path} opens with {len(head)} lines of comment")
        said = " ".join(head)
        if not path.startswith(ONE_THREAD) and not THREADS.search(said):
            threads.append(f"{path}: its first lines name no thread: a worker, the loop, any, pure...")
        comments = " ".join(re.findall(r"//(.*)", "\n".join(lines)))
        if any("Result<" in line for line in lines) and not ERRORS.search(comments):
            errors.append(f"{path} returns a Result and names no error")
        above = ""
        for at, line in enumerate(lines):
            if re.match(r"\s*(struct|class|enum)\b", line) or not line.strip():
                above = ""
            if "//" in line:
                above += " " + line[line.index("//"):]
            found = MEASURE.match(line)
            if found and not UNITS.search(found[2] + " " + above + " " + said):
                units.append(f"{path}:{at + 1}: {found[1]} has no unit")
result("every_public_header_opens_with_what_it_is_in_eight_lines_at_most", long)
result("every_public_header_says_which_threads_may_call_it", threads)
result("every_public_header_that_returns_results_says_what_fails", errors)
result("every_measure_in_a_public_header_has_its_unit", units)

# A procedure's errors are those that it raises and those of the procedures that it calls.
procedures = {}
for path in sorted(glob.glob("sql/procedures/*/*.sql")):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    head = "\n".join(opening(text.split("\n"), "--"))
    procedures[os.path.basename(path)[:-4]] = (path, head, re.sub(r"--.*", "", text))


def raised(name, seen):
    if name in seen or name not in procedures:
        return set()
    seen.add(name)
    body = procedures[name][2]
    codes = set(re.findall(r"error_raise\((\d{3})", body)) | set(re.findall(r"SQLSTATE 'DR(\d{3})'", body))
    if name == "error_raise" and len(seen) > 1:
        return set()
    for called in re.findall(r"CALL (\w+)", body):
        codes |= raised(called, seen)
    return codes


wrong, rows = [], []
for name, (path, head, body) in procedures.items():
    said, true = set(re.findall(r"DR(\d{3})", head)), raised(name, set())
    if said != true:
        wrong += [f"{path} raises DR{code}, its comment does not say so" for code in sorted(true - said)]
        wrong += [f"{path} says DR{code}, which nothing in it raises" for code in sorted(said - true)]
    if not true and "No errors" not in head:
        wrong.append(f"{path} raises nothing; its comment should end with: No errors.")
    statements = re.split(r";|\bBEGIN\b|\bTHEN\b|\bELSE\b|\bDO\b", body)
    answers = [each for each in statements
               if re.match(r"\s*\(?(WITH|SELECT)\b", each) and not re.search(r"\bINTO\b", each)]
    if answers and not re.search(r"\b[Rr]ows?\b|\bcomes? back\b|\bcolumns\b", head):
        rows.append(f"{path} answers with rows and does not say what is in them")
result("every_procedure_names_the_errors_that_it_raises_and_no_others", wrong)
result("every_procedure_that_answers_says_what_its_rows_are", rows)
print(f"1..{number}")
