#!/bin/sh
# The simulator of the economy (tests/sim) as a test: its tables as comments, and whether everything kept its limits.
: "${top_builddir:=build}"
out=$(mktemp) || exit 1
"$top_builddir/tests/sim/distren-sim" "$@" >"$out" 2>&1
status=$?
sed 's/^/# /' "$out"
rm -f "$out"
if [ "$status" -eq 0 ]; then echo "ok 1 - no_figure_of_the_simulated_grid_leaves_its_limits"; else echo "not ok 1 - no_figure_of_the_simulated_grid_leaves_its_limits"; fi
echo "1..1"
exit "$status"
