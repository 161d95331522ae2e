# What the SQL tests say: `is ACTUAL EXPECTED NAME` and `refuses DRnnn TEXT NAME SQL`. `sql` calls as the server's user, who may
# call procedures and nothing else; `owner` looks into tables. Rows come as lines, columns with tabs.

count=0
failed=0

sql() {
  printf '%s\n' "$1" | mariadb --defaults-file="$work/server.cnf" -N -B distren 2>&1
}

owner() {
  printf '%s\n' "$1" | mariadb_owner distren 2>&1
}

is() {
  count=$((count + 1))
  if test "$1" = "$2"; then
    echo "ok $count - $3"
  else
    failed=$((failed + 1))
    echo "not ok $count - $3"
    printf '%s\n' "expected:" "$2" "but it is:" "$1" | sed 's/^/# /'
  fi
}

refuses() {
  said=$(sql "$4")
  case $said in
    *"($1)"*"$2"*) is refused refused "$3" ;;
    *) is "$said" "($1) ... $2" "$3" ;;
  esac
}

# Fresh tables and procedures, and some people: alice (1, administrator), bob (2), the method blender, slaves 1 to 4 (bob's), and a
# blob of 10 bytes with digest abab... that alice has uploaded.
fresh_schema() {
  echo "DROP DATABASE IF EXISTS distren" | mariadb_owner
  "$top_builddir/distren-migrate" --socket "$mariadb_socket" --user "$(id -un)" --sql-dir "$top_srcdir/sql" \
    --create-user distren --create-password-file "$work/password" >"$work/migrate.log" 2>&1 || { cat "$work/migrate.log"; exit 1; }
}

# at_version NUMBER: an empty grid with the tables of that schema version and without procedures.
at_version() {
  echo "DROP DATABASE IF EXISTS distren; CREATE DATABASE distren CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci" | mariadb_owner
  for version in $(seq "$1"); do
    mariadb_owner distren <"$(ls "$top_srcdir"/sql/migrations/"$(printf %04d "$version")"_*.sql)"
    owner "INSERT INTO schema_version (version, name) VALUES ($version, 'applied')"
  done
}

migrate() {
  "$top_builddir/distren-migrate" --socket "$mariadb_socket" --user "$(id -un)" --sql-dir "${sql_dir:-$top_srcdir/sql}" "$@" 2>&1
}

people() {
  { echo 'DELIMITER //'; cat "$top_srcdir/tests/support/job_create.sql"; echo '//'; } | mariadb_owner distren
  sql "CALL user_create('alice', 'alice@example.org', 'hash-a'); CALL user_create('bob', '', 'hash-b');
       CALL method_ensure('blender'); CALL blob_record(1, REPEAT('ab', 32), 10)" >/dev/null
  for number in 1 2 3 4; do
    sql "CALL slave_create(2, 'slave $number', 'key$number', REPEAT('p', 32))" >/dev/null
  done
}

# job NAME FRAMES [PAUSED]: alice's job; prints its id.
job() {
  sql "CALL job_create(1, 0, '$1', 'blender', 'scene.blend', '{}', '{\"format\":\"PNG\"}', '3.4', '[]', 50, ${3:-0},
    CONCAT('[{\"path\":\"scene.blend\",\"sha256\":\"', REPEAT('ab', 32), '\",\"size\":10}]'), '$2', ${tiles:-1}, ${after:-0}, 0)"
}

# step NAME FRAMES TILES AFTER [HELD]: one job of a submission, as JSON; after 0: it has the file set 1.
step() {
  printf '{"name":"%s","method":"blender","main_file":"scene.blend","parameters":"{}","output":"{}","min_version":"","warnings":"[]",
    "priority":50,"starts_paused":0,"needs_approval":%s,"frame_count":%s,"tiles_per_frame":%s,"depends_on":%s,"file_set":%s}' \
    "$1" "${5:-0}" "$2" "$3" "$4" "$(test "$4" = 0 && echo 1 || echo 0)"
}

# submission JOBS [FILES]: begins one of alice's, or $user's; prints job and first task, a line each.
submission() {
  sql "CALL submission_create(${user:-1}, ${project:-0}, '[$1]',
    '${2:-[[1,\"scene.blend\",\"$(printf 'ab%.0s' $(seq 32))\",10]]}')"
}

# tasks JOB FIRST FRAMES TILES: the rows of submission_add_tasks for frames from 1 on, without their brackets.
tasks() {
  seq 0 $(($3 * $4 - 1)) | awk -v job="$1" -v first="$2" -v tiles="$4" \
    '{ printf "%s[%d,%d,%d]", (NR > 1 ? "," : ""), first + $1, job, int($1 / tiles) + 1 }'
}

# The value of one column of a job's row.
job_column() {
  owner "SELECT $2 FROM job WHERE id = $1"
}

good() {  # ATTEMPT TASK SLAVE: an accepted ending
  printf '[%s,%s,%s,"accepted",1000,900,64,0,"","%04d.png",1234,"%064d"]' "$1" "$2" "$3" "$2" "$1"
}

bad() {  # ATTEMPT TASK SLAVE ENDING REASON [LAST [CODE [COUNTS]]]
  case $4 in failed | rejected) counts=1 ;; *) counts=0 ;; esac
  printf '[%s,%s,%s,"%s",10,9,8,%s,"%s",null,0,"",0,0,0,0,0,"%s",%s]' "$1" "$2" "$3" "$4" "${6:-0}" "$5" "${7:-}" "${8:-$counts}"
}

lease() {  # ATTEMPT TASK SLAVE [EXPIRES]
  printf '[%s,%s,%s,%s]' "$1" "$2" "$3" "${4:-1900000000123}"
}

# journal LEASES ENDINGS: lists without their brackets; prints verdicts and what became of jobs on one line.
journal() {
  sql "CALL journal_write('[$1]', '[$2]')" |
    awk -F '\t' '$1 < 3 { printf "%s%s", (NR > 1 ? " " : ""), ($1 == 0 ? $3 : ($1 == 1 ? "finished:" : "paused:") $2) } END { print "" }'
}

# figures LEASES ENDINGS: what the pages are told of the jobs that changed.
figures() {
  sql "CALL journal_write('[$1]', '[$2]')" | awk -F '\t' '$1 == 3 { print $2 ": " $3 }'
}

together() {  # COUNT COMMAND: runs COMMAND COUNT times at once, with $each
  children=
  for each in $(seq "$1"); do
    (eval "$2") >"$work/out.$each" 2>&1 &
    children="$children $!"
  done
  wait $children  # not plain `wait`: the private MariaDB is a child of this shell too
  cat "$work"/out.*
  rm -f "$work"/out.*
}
retrying() {  # as the server does after a deadlock
  for try in 1 2 3 4 5; do
    said=$(sql "$1")
    case $said in *"(40001)"*) ;; *) break ;; esac
  done
  printf '%s\n' "$said"
}
