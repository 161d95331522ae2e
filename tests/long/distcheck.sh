#!/usr/bin/env bash
# make distcheck: the tarball configures, builds, passes its tests, installs, uninstalls and cleans up after itself.
log=${top_builddir:?}/distcheck.log
if make -C "$top_builddir" -j"$(nproc)" distcheck DISTCHECK_CONFIGURE_FLAGS="CXX='ccache g++'" >"$log" 2>&1; then
  echo "ok 1 - the_tarball_builds_passes_installs_and_cleans_up"
else
  echo "not ok 1 - the_tarball_builds_passes_installs_and_cleans_up"
  grep -nE 'error|Error|FAIL|ERROR' "$log" | tail -n 20 | sed 's/^/# /'
  echo "# all of it: $log"
fi
echo "1..1"
