#!/bin/sh
# Runs the SQL tests against a private MariaDB: each file of this folder on a fresh schema. TAP on stdout.
# Usage: run.sh [GROUP...], such as: run.sh journal jobs
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${top_builddir:=$(pwd)}"
. "$top_srcdir/tests/support/mariadb.sh"
. "$top_srcdir/tests/sql/lib.sh"

if ! mariadb_find mariadbd >/dev/null; then
  echo "1..0 # SKIP mariadbd is not installed"
  exit 0
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/distren-sql.XXXXXX") || exit 1
trap 'mariadb_stop; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mariadb_start || exit 1
(umask 077; printf 'a test password, not a secret\n' >"$work/password")
printf '[client]\nsocket=%s\nuser=distren\npassword="%s"\ndefault-character-set=utf8mb4\n' "$mariadb_socket" \
  "$(cat "$work/password")" >"$work/server.cnf"

for group in ${*:-schema migration rights people slaves telemetry remote_settings requests operations jobs shots journal outputs dependents statistics administration notifications webhooks failures files points spending ledger powers renderers concurrency points_together}; do
  echo "# $group"
  fresh_schema
  . "$top_srcdir/tests/sql/$group.sh"
done
echo "1..$count"
test "$failed" = 0
