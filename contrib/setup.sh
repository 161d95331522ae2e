# Sourced by quickstart and runtests: installs the Debian packages that are missing, builds in build/.
# Expects $top (the source tree). Package lists are code: a fresh Debian 12 must get by with them alone.

build_packages=(
  autoconf autoconf-archive automake ccache check esbuild g++ make pkg-config
  libarchive-dev libcli11-dev libcurl4-openssl-dev libevent-dev libfmt-dev libmysqlcppconn-dev libopenimageio-dev
  libseccomp-dev libspdlog-dev libssl-dev libtomlplusplus-dev libxml2-dev libzstd-dev nlohmann-json3-dev zlib1g-dev
)
grid_packages=(blender bubblewrap ca-certificates mariadb-server python3)
test_packages=(
  chromium chromium-driver clang-format clang-tidy curl ffmpeg imagemagick libxml2-utils mandoc openssl povray
  povray-includes procps python3-jsonschema python3-yaml
)
# Other packages of Node.js than Debian's bring npm along.
command -v npm >/dev/null || test_packages+=(npm)

say() { printf '%s\n' "$*" >&2; }

# Runs a command as root: as it is, through sudo, or not at all with the reason.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    say "this needs root, and there is no sudo; run as root: $*"
    return 1
  fi
}

# install_packages NAME...: only what is missing, without questions.
install_packages() {
  local missing=() name
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing: ${missing[*]}"
  local log
  log=$(mktemp)
  if ! { as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y \
    --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    say "the packages could not be installed; the reason stands above"
    return 1
  fi
  rm -f "$log"
}

# show_progress TOTAL: how far a build is; one line that is written over on a terminal, four lines in a log.
show_progress() {
  local total=$1 count=0 told=0 quarter line
  while IFS= read -r line; do
    case $line in
      "  CXX "* | "  CXXLD "* | "  AR "* | "  GEN "*) ;;
      *) continue ;;
    esac
    count=$((count + 1))
    [ "$count" -le "$total" ] || total=$count
    if [ -t 2 ]; then
      printf '\r  %d of %d' "$count" "$total" >&2
      continue
    fi
    quarter=$((count * 4 / total))
    [ "$quarter" -le "$told" ] || say "  $((quarter * 25)) %: $count of $total"
    told=$quarter
  done
  if [ -t 2 ] && [ "$count" -gt 0 ]; then printf '\n' >&2; fi
}

export CCACHE_NOHASHDIR=1 CCACHE_PCH_EXTSUM=1 CCACHE_SLOPPINESS=pch_defines,time_macros

# build_tree FOLDER "CONFIGURE OPTIONS" TARGET...: configures once, builds what changed. FOLDER lies in $top.
build_tree() {
  local folder=$1 options=$2 log total
  shift 2
  mkdir -p "$folder"
  log=$folder/build.log
  : >"$log"
  if [ ! -x "$top/configure" ] || [ "$top/configure.ac" -nt "$top/configure" ]; then
    (cd "$top" && ./bootstrap) >>"$log" 2>&1 || { tail -n 20 "$log" >&2; return 1; }
  fi
  if [ ! -f "$folder/Makefile" ] || [ "$(cat "$folder/configured" 2>/dev/null)" != "$options" ]; then
    # By a relative path, so that ccache knows the same file again in another clone.
    # shellcheck disable=SC2086  # options is a list of words
    (cd "$folder" && CXX="${CXX:-ccache g++}" ../configure --enable-silent-rules $options) >>"$log" 2>&1 ||
      { tail -n 20 "$log" >&2; return 1; }
    printf '%s\n' "$options" >"$folder/configured"
  fi
  make -C "$folder" precompiled >>"$log" 2>&1 || { tail -n 20 "$log" >&2; return 1; }
  total=$(make -C "$folder" -n "$@" 2>/dev/null | grep -cE 'echo "  (CXX|CXXLD|AR|GEN) ') || true
  make -C "$folder" -j"$(nproc)" "$@" 2>&1 | tee -a "$log" | show_progress "$((total + (total == 0)))"
  if [ "${PIPESTATUS[0]}" -ne 0 ]; then
    grep -E -B2 -A6 'error|Error' "$log" | head -n 60 >&2
    say "the build failed; all of it is in $log"
    return 1
  fi
}
