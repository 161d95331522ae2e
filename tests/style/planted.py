#!/usr/bin/env python3
"""Each violation of a rule of style, planted in a small clean house, is found: a check that cannot fail checks nothing."""
import os
import shutil
import subprocess
import sys
import tempfile

CHECKS = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.abspath(os.environ.get("top_srcdir", "."))

CLEAN = {
    "common/base/thing.h": """// Counts things. One thread at a time. Errors: conflict when there are too many.
#pragma once

namespace distren {

struct Limits {
  int wait_ms = 0;
};

class Thing {
public:
  Result<int> add(int count);

private:
  int count_ = 0;
};

}  // namespace distren
""",
    "common/base/thing.cpp": """#include "common/base/thing.h"

namespace distren {

Result<int> Thing::add(int count) {
  constexpr int limit = 3;
  count_ += count;
  return count_ < limit ? count_ : limit;
}

}  // namespace distren
""",
    "server/net/loop.h": "// Sockets. The loop's thread.\n#pragma once\n\n#include \"common/base/thing.h\"\n",
    "server/store/jobs.h": "// Jobs. Worker threads.\n#pragma once\n\n#include \"common/base/thing.h\"\n",
    "sql/procedures/server/error_raise.sql": """-- Refuses. DR400 what it was told.
CREATE OR REPLACE PROCEDURE error_raise(IN p_code INT, IN p_message TEXT)
BEGIN
  SIGNAL SQLSTATE 'DR400';
END
""",
    "sql/procedures/job/job_show.sql": """-- One job. Row: its number. DR404 no such job.
CREATE OR REPLACE PROCEDURE job_show(IN p_job BIGINT)
BEGIN
  CALL error_raise(404, 'no');
  SELECT p_job;
END
""",
}
RESULT = """template <typename T>
struct Result {
  T value;
  Result(T given) : value(given) {}  // NOLINT
};

class Thing"""

number = failed = 0


def result(good, sentence, said=""):
    global number, failed
    number += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {number} - {sentence}")
    if not good:
        print("".join(f"# {line}\n" for line in said.split("\n")), end="")


def write(house, path, text):
    os.makedirs(os.path.dirname(os.path.join(house, path)), exist_ok=True)
    with open(os.path.join(house, path), "w", encoding="utf-8") as file:
        file.write(text)


def build(house):
    shutil.rmtree(house, ignore_errors=True)
    for folder in "common scene server slave simpleslave client image tests sql".split():
        os.makedirs(os.path.join(house, folder))
    for name in (".clang-format", ".clang-tidy"):
        shutil.copy(os.path.join(TOP, name), house)
    for path, text in CLEAN.items():
        write(house, path, text)


def run(house, check, *arguments):
    env = dict(os.environ, top_srcdir=house, top_builddir=house, GIT_CEILING_DIRECTORIES=os.path.dirname(house))
    done = subprocess.run([os.path.join(CHECKS, check), *arguments], capture_output=True, text=True, env=env,
                          check=False, cwd=house)
    return done.stdout + done.stderr


def fails(said, rule):
    return any(line.startswith("not ok") and line.endswith("- " + rule) for line in said.split("\n"))


def planted(house, check, rule, path, change, sentence):
    """rule: the case of the check that must fail; change: (old, new) in the file, or a whole text."""
    build(house)
    text = CLEAN.get(path, "")
    write(house, path, text.replace(*change) if isinstance(change, tuple) else change)
    said = run(house, check)
    if f"- {rule} # SKIP" in said:
        result(True, f"{sentence} # SKIP as the check itself")
        return
    result(fails(said, rule), sentence, said)


def git(house, *arguments):
    subprocess.run(["git", "-C", house, "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments], check=True,
                   capture_output=True)


with tempfile.TemporaryDirectory(prefix="distren-style.") as folder:
    house = os.path.join(folder, "house")
    build(house)
    for check in ("sources.sh", "contracts.py", "rooms.py", "layering.sh", "text.sh"):
        said = run(house, check)
        wrong = [line for line in said.split("\n") if line.startswith("not ok") and "man_page" not in line]
        result(not wrong and "1.." in said, f"{check.split('.')[0]}_finds_nothing_in_a_clean_house", said)

    header, source = "common/base/thing.h", "common/base/thing.cpp"
    procedure = "sql/procedures/job/job_show.sql"
    planted(house, "sources.sh", "every_source_is_formatted_by_clang_format", source, ("limit = 3", "limit=3"),
            "a_source_that_is_not_formatted_is_found")
    planted(house, "sources.sh", "no_line_of_a_source_is_longer_than_120_characters", procedure,
            ("One job.", "One job." + " x" * 60),
            "a_line_that_is_too_long_is_found")
    for subject, rule, sentence in (
            ("server: Say " + "x" * 80, "no_subject_of_a_commit_is_longer_than_72_characters", "a_subject_that_is_too_long_is_found"),
            ("fixed it", "every_subject_of_a_commit_begins_with_its_area", "a_subject_without_an_area_is_found")):
        build(house)
        git(house, "init", "-q")
        git(house, "commit", "-q", "--allow-empty", "-m", subject)
        said = run(house, "sources.sh")
        result(fails(said, rule), sentence, said)

    planted(house, "contracts.py", "every_public_header_opens_with_what_it_is_in_eight_lines_at_most", header,
            ("// Counts", "// more\n" * 8 + "// Counts"), "a_header_that_begins_with_nine_lines_is_found")
    planted(house, "contracts.py", "every_public_header_says_which_threads_may_call_it", header,
            ("One thread at a time. ", ""),
            "a_header_that_names_no_thread_is_found")
    planted(house, "contracts.py", "every_public_header_that_returns_results_says_what_fails", header,
            (" Errors: conflict when there are too many.", ""), "a_result_without_an_error_is_found")
    planted(house, "contracts.py", "every_measure_in_a_public_header_has_its_unit", header, ("wait_ms", "wait"),
            "a_number_without_a_unit_is_found")
    planted(house, "contracts.py", "every_procedure_names_the_errors_that_it_raises_and_no_others", procedure,
            (" DR404 no such job.", ""), "an_error_that_a_procedure_does_not_name_is_found")
    planted(house, "contracts.py", "every_procedure_names_the_errors_that_it_raises_and_no_others", procedure,
            ("DR404", "DR404, DR409"),
            "an_error_that_no_procedure_raises_is_found")
    planted(house, "contracts.py", "every_procedure_that_answers_says_what_its_rows_are", procedure,
            ("Row: its number. ", ""),
            "an_answer_whose_rows_are_not_named_is_found")

    planted(house, "rooms.py", "no_room_includes_one_above_it_or_beside_it", source,
            ('"common/base/thing.h"', '"common/base/thing.h"\n#include "server/net/loop.h"'), "an_arrow_that_runs_upwards_is_found")
    planted(house, "rooms.py", "every_folder_of_sources_has_its_floor", "server/attic/box.h", "// Boxes. Any thread.\n",
            "a_room_without_a_floor_is_found")
    planted(house, "rooms.py", "every_unit_test_is_in_the_room_of_what_it_tests", "tests/unit/server/attic/box.cpp", "// Boxes.\n",
            "a_unit_test_of_no_room_is_found")
    build(house)
    write(house, "common/base/a.h", '// A. Pure.\n#pragma once\n#include "common/base/b.h"\n')
    write(house, "common/base/b.h", '// B. Pure.\n#pragma once\n#include "common/base/a.h"\n')
    said = run(house, "rooms.py")
    result(fails(said, "no_header_includes_itself_by_way_of_others"), "headers_that_include_each_other_are_found", said)
    planted(house, "rooms.py", "every_file_is_in_the_namespace_of_its_room", source,
            ("namespace distren {", "namespace distren::base {"),
            "a_namespace_of_its_own_is_found")
    planted(house, "layering.sh", "all_http_clients_are_one", source,
            ('"common/base/thing.h"', '"common/base/thing.h"\n#include <curl/curl.h>'),
            "a_library_outside_its_home_is_found")
    planted(house, "text.sh", "no_line_ends_in_blanks_and_no_source_has_tabs", source, ("count;", "count; "),
            "blanks_at_the_end_of_a_line_are_found")

    if shutil.which("clang-tidy-14") or shutil.which("clang-tidy"):
        build(house)
        write(house, header, CLEAN[header].replace("class Thing", RESULT))
        said = run(house, "tidy.py")
        result("not ok" not in said and "ok 1" in said, "clang_tidy_finds_nothing_in_a_clean_house", said)
        for old, new, name in (("Limits", "limits", "limits"), ("add(", "addAll(", "addAll"), ("count_", "sum", "sum"),
                               ("limit", "kLimit", "kLimit"), ("count)", "Count)", "Count")):
            build(house)
            write(house, header, CLEAN[header].replace("class Thing", RESULT).replace(old, new))
            write(house, source, CLEAN[source].replace(old, new))
            said = run(house, "tidy.py")
            result("not ok" in said and f"'{name}'" in said, f"a_name_like_{name}_is_found", said)
        build(house)
        write(house, header, CLEAN[header].replace("class Thing", RESULT))
        write(house, source, CLEAN[source].replace("constexpr int limit = 3;", "constexpr int limit = 3;\n  int* nobody = 0;"))
        said = run(house, "tidy.py", "--all")
        result("not ok" in said and "modernize-use-nullptr" in said, "what_is_no_name_is_found_by_the_whole_of_clang_tidy", said)
    else:
        print(f"ok {number + 1} - clang_tidy_finds_names_of_other_spelling # SKIP clang-tidy is not installed")
        number += 1
print(f"1..{number}")
sys.exit(failed != 0)
