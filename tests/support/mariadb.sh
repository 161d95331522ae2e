# A private MariaDB for tests: sourced by shell tests. mariadb_start makes one in a folder of its own under TMPDIR and sets
# mariadb_dir, mariadb_socket; mariadb_stop ends it and removes the folder (put it in a trap). Its owner is this system user
# through the socket: `mariadb_owner SCHEMA` is a client, statements on stdin. Not durable: it forgets fsync for speed, unless
# mariadb_durability holds options that say otherwise.

mariadb_find() {
  for mariadb_folder in $(echo "$PATH" | tr : ' ') /usr/sbin /usr/libexec /usr/local/sbin; do
    if test -x "$mariadb_folder/$1"; then echo "$mariadb_folder/$1"; return 0; fi
  done
  return 1
}

mariadb_start() {
  mariadb_dir=$(mktemp -d "${TMPDIR:-/tmp}/distren-db.XXXXXX") || return 1
  mariadb_socket=$mariadb_dir/s
  mariadb_user=
  if test "$(id -u)" = 0; then mariadb_user=--user=root; fi
  mariadb_program=$(mariadb_find mariadbd) || { echo "mariadbd is not installed" >&2; return 1; }
  mkdir "$mariadb_dir/tmp"
  mariadb-install-db --no-defaults --datadir="$mariadb_dir/data" --skip-test-db --skip-name-resolve \
    --auth-root-authentication-method=socket --auth-root-socket-user="$(id -un)" $mariadb_user --loose-debug-no-sync \
    --innodb-log-file-size=32M >"$mariadb_dir/install.log" 2>&1 || { cat "$mariadb_dir/install.log" >&2; return 1; }
  mariadb_resume
}

# Starts the server of mariadb_dir, again after mariadb_suspend.
mariadb_resume() {
  "$mariadb_program" --no-defaults --datadir="$mariadb_dir/data" --socket="$mariadb_socket" --skip-networking $mariadb_user \
    --pid-file="$mariadb_dir/pid" --log-error="$mariadb_dir/log" --tmpdir="$mariadb_dir/tmp" --performance-schema=OFF \
    --innodb-log-file-size=32M --max-allowed-packet=64M \
    ${mariadb_durability:---innodb-flush-log-at-trx-commit=0 --loose-debug-no-sync} \
    --innodb-buffer-pool-dump-at-shutdown=OFF --innodb-buffer-pool-load-at-startup=OFF </dev/null >/dev/null 2>&1 &
  mariadb_pid=$!
  while ! echo 'DO 1' | mariadb_owner '' >/dev/null 2>&1; do
    if ! kill -0 "$mariadb_pid" 2>/dev/null; then tail -20 "$mariadb_dir/log" >&2; return 1; fi
    sleep 0.02
  done
}

mariadb_suspend() {
  kill "$mariadb_pid" 2>/dev/null
  wait "$mariadb_pid" 2>/dev/null || true
}

mariadb_stop() {
  if test -n "$mariadb_pid"; then mariadb_suspend; fi
  if test -n "$mariadb_dir"; then rm -rf "$mariadb_dir"; fi
  mariadb_pid= mariadb_dir=
}

mariadb_owner() {
  mariadb --no-defaults --socket="$mariadb_socket" --user="$(id -un)" --default-character-set=utf8mb4 -N -B "$@"
}
