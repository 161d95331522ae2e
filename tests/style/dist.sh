#!/usr/bin/env bash
# What the tarball must carry: every test and what it needs is named in a local.mk, or make distcheck would miss it.
cd "${top_srcdir:-.}" || exit 1
if ! git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  echo "1..0 # SKIP this is no checkout"
  exit 0
fi
named=$(cat Makefile.am ./*/local.mk ./*/*/local.mk)
number=0
check() {  # SENTENCE PATH...: each tracked file below is named, or its folder is
  local sentence=$1 file missing=
  shift
  number=$((number + 1))
  while IFS= read -r file; do
    case $file in */local.mk) continue ;; esac
    grep -qF -e "$file" -e "%D%/${file#*/}" -e "%D%/${file#*/*/}" -e "%D%/$(basename "$file")" <<<"$named" || missing+="# $file is in no local.mk"$'\n'
  done < <(git ls-files "$@")
  if [ -z "$missing" ]; then
    echo "ok $number - $sentence"
  else
    echo "not ok $number - $sentence"
    printf '%s' "$missing"
  fi
}
check "every_test_is_in_the_tarball" tests
check "every_source_is_in_the_tarball" common server slave simpleslave client image scene
check "every_man_page_and_document_is_in_the_tarball" man doc
check "every_render_method_is_in_the_tarball" methods
check "every_source_of_the_web_pages_is_in_the_tarball" htdocs
check "every_piece_of_sql_is_in_the_tarball" sql
echo "1..$number"
