#!/usr/bin/env bash
# How sources and subjects of commits look: clang-format, the length of lines, areas and lengths of subjects.
cd "${top_srcdir:-.}" || exit 1
folders=(common scene server slave simpleslave client image tests)
began=2026-11-30T03:37:30Z  # subjects are held to the rule since then, or since the last release
number=0
result() {  # SENTENCE PROBLEMS
  number=$((number + 1))
  if [ -z "$2" ]; then
    echo "ok $number - $1"
  else
    echo "not ok $number - $1"
    head -n 20 <<<"$2" | sed 's/^/# /'
  fi
}
skip() {  # SENTENCE REASON
  number=$((number + 1))
  echo "ok $number - $1 # SKIP $2"
}
format=$(command -v clang-format-14 || command -v clang-format)
if [ -n "$format" ]; then
  # precompiled.h is an order of headers, which nothing reads but a compiler; touching it compiles the whole house anew.
  result "every_source_is_formatted_by_clang_format" "$(
    find "${folders[@]}" \( -name '*.cpp' -o -name '*.h' \) -not -name precompiled.h -print0 |
      xargs -0 -n 40 -P 2 "$format" --dry-run 2>&1 | grep 'warning:')"
else
  skip "every_source_is_formatted_by_clang_format" "clang-format is not installed"
fi
result "no_line_of_a_source_is_longer_than_120_characters" "$(
  find "${folders[@]}" sql \( -name '*.cpp' -o -name '*.h' -o -name '*.sql' \) -exec python3 -c '
import sys
for name in sys.argv[1:]:
    for number, line in enumerate(open(name, encoding="utf-8"), 1):
        if len(line.rstrip("\n")) > 120 and "R\"(" not in line:
            print(f"{name}:{number} has {len(line) - 1} characters")
' {} +)"
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  release=$(git describe --tags --abbrev=0 2>/dev/null)
  subjects=$(git log --no-merges --since="$began" --format=%s "${release:+$release..}HEAD")
  result "no_subject_of_a_commit_is_longer_than_72_characters" "$(awk 'length($0) > 72' <<<"$subjects")"
  result "every_subject_of_a_commit_begins_with_its_area" "$(grep -vE '^[a-z0-9., -]+: [A-Z]' <<<"$subjects")"
else
  skip "no_subject_of_a_commit_is_longer_than_72_characters" "this is no checkout"
  skip "every_subject_of_a_commit_begins_with_its_area" "this is no checkout"
fi
echo "1..$number"
