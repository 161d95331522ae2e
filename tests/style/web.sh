#!/usr/bin/env bash
# The sources of the web pages: types that hold, types that are those of the API, files that say what they are.
cd "${top_srcdir:-.}/htdocs" || exit 1
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
skip() {
  number=$((number + 1))
  echo "ok $number - $1 # SKIP $2 is not installed"
}
# Two generators and TypeScript, of the versions in package-lock.json, installed once in the build tree.
tools=$(realpath -m "${top_builddir:-../build}")/npm
install_tools() {
  cmp -s package-lock.json "$tools/installed" && return
  rm -rf "$tools"
  mkdir -p "$tools" && cp package.json package-lock.json "$tools" &&
    (cd "$tools" && npm ci --ignore-scripts --no-audit --no-fund 2>&1) && cp package-lock.json "$tools/installed"
}
types_hold=the_pages_types_hold
types_are_current=the_pages_know_the_api_as_it_is_described
lint_passes=the_api_document_passes_lint
clients_compile=strict_clients_compile_against_what_two_generators_make
# A short client against each: openapi-typescript makes types, @hey-api/openapi-ts functions.
compile_clients() {
  local made
  made=$(mktemp -d) || return
  cp ../tests/style/clients/*.ts "$made" &&
    "$tools/node_modules/.bin/openapi-typescript" ../doc/openapi.yaml --output "$made/types.d.ts" --default-non-nullable=false \
      --root-types --root-types-no-schema-prefix --root-types-keep-casing >"$made/log" 2>&1 &&
    "$tools/node_modules/.bin/openapi-ts" --input ../doc/openapi.yaml --output "$made/functions" --no-log-file \
      --plugins @hey-api/client-fetch @hey-api/typescript @hey-api/sdk >"$made/log" 2>&1 &&
    : >"$made/log" &&
    "$tools/node_modules/.bin/tsc" --noEmit --strict --noUncheckedIndexedAccess --target es2022 --module esnext \
      --moduleResolution bundler --lib es2022,dom,dom.iterable "$made"/by_*.ts >"$made/log" 2>&1 || echo "one of them failed"
  cat "$made/log"
  rm -rf "$made"
}
if ! command -v npm >/dev/null; then
  skip $types_hold npm
  skip $types_are_current npm
  skip $lint_passes npm
  skip $clients_compile npm
elif ! problem=$(install_tools); then
  result $types_hold "$problem"
  result $types_are_current "$problem"
  result $lint_passes "$problem"
  result $clients_compile "$problem"
else
  result $types_hold "$("$tools/node_modules/.bin/tsc" --noEmit -p . 2>&1)"
  result $types_are_current "$(PATH=$tools/node_modules/.bin:$PATH npm run --silent types -- --check 2>&1 |
    grep -v '^✨' | sed '/^$/d')"
  result $lint_passes "$(node ../tests/style/openapi_lint.mjs "$tools" ../doc/openapi.yaml 2>&1)"
  result $clients_compile "$(compile_clients)"
fi
result "no_file_of_the_pages_imports_in_a_circle_or_from_a_higher_floor" "$(
  PYTHONDONTWRITEBYTECODE=1 python3 ../tests/support/import_floors.py src 2>&1)"
planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
mkdir "$planted/api" "$planted/parts"
echo "export { two } from './two'; import '../parts/button';" >"$planted/api/one.ts"
echo "import type { One } from './one';" >"$planted/api/two.ts"
touch "$planted/parts/button.tsx"
result "a_planted_circle_and_a_planted_import_upwards_are_found" "$(diff - \
  <(PYTHONDONTWRITEBYTECODE=1 python3 ../tests/support/import_floors.py "$planted" 2>&1) <<'TEXT'
api/one.ts imports parts/button.tsx, which is on a higher floor
an import circle: api/one.ts, api/two.ts
TEXT
)"
result "no_page_parses_html_or_makes_code" "$(
  grep -rnE 'innerHTML|outerHTML|insertAdjacentHTML|dangerouslySet|document\.write|eval\(|new Function' src)"
result "no_page_asks_another_host" "$(grep -rnE --exclude=schema.d.ts "https?://" src style index.html)"
result "no_file_of_the_pages_is_longer_than_350_lines" "$(
  find src style -type f ! -name schema.d.ts ! -name text.ts -exec wc -l {} + | awk '$2 != "total" && $1 > 350 {print $2 " has " $1 " lines"}')"
result "no_line_of_the_pages_ends_in_blanks_or_has_tabs" "$(grep -rnE -e '[[:blank:]]+$' -e $'\t' src style index.html)"
echo "1..$number"
