#!/usr/bin/env bash
# Man pages, scripts and sources as the house writes them.
cd "${top_srcdir:-.}" || exit 1
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
if command -v mandoc >/dev/null; then
  result "every_man_page_is_clean_mdoc" "$(mandoc -T lint -W warning man/*.[1-8] 2>&1)"
else
  number=$((number + 1))
  echo "ok $number - every_man_page_is_clean_mdoc # SKIP mandoc is not installed"
fi
result "every_program_and_configuration_file_has_a_man_page" "$(
  for page in distrend.8 distren-migrate.8 distren.1 distren-slave.1 distren-simpleslave.1 distren-image.1 distren-scene.1 \
    distrend.toml.5 distren-slave.toml.5; do
    [ -s "man/$page" ] || echo "man/$page is missing"
  done)"
mapfile -t scripts < <(grep -lE '^#!.*(bash|/sh)' quickstart runtests bootstrap .ci/run tests/*/*.sh contrib/*.sh 2>/dev/null)
result "every_shell_script_parses" "$(for file in "${scripts[@]}"; do bash -n "$file" 2>&1; done)"
result "every_python_script_parses" "$(
  find tests methods -name '*.py' -not -path '*/node_modules/*' -exec python3 -c '
import ast, sys
for name in sys.argv[1:]:
    try:
        ast.parse(open(name, encoding="utf-8").read(), name)
    except SyntaxError as problem:
        print(name, problem)
' {} +)"
result "no_line_ends_in_blanks_and_no_source_has_tabs" "$(
  grep -rnE --include='*.cpp' --include='*.h' --include='*.sql' --include='*.py' -e '[[:blank:]]+$' -e $'\t' \
    common server slave simpleslave client image scene sql tests methods 2>/dev/null)"
result "no_shipped_source_file_is_longer_than_500_lines" "$(
  find common server slave simpleslave client image scene \( -name '*.cpp' -o -name '*.h' \) -exec wc -l {} + |
    awk '$2 != "total" && $1 > 500 {print $2 " has " $1 " lines"}')"
result "every_file_that_the_architecture_names_is_there" "$(
  grep -ohE '`(common|server|slave|simpleslave|client|image|scene|sql|methods|tests|htdocs)/[a-z0-9_./]+\.(cpp|h|sql|xml|py|sh|ts|md)`' \
    doc/architecture.md CONTRIBUTING.md 2>/dev/null | tr -d '`' | sort -u | while read -r file; do
    [ -e "$file" ] || echo "$file is not there"
  done)"
echo "1..$number"
