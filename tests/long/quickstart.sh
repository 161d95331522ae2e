#!/usr/bin/env bash
# ./quickstart as a stranger types it: from nothing, again, with a file of one's own, and stopped.
cd "${top_srcdir:?}" || exit 1
folder=$(mktemp -d)
export DISTREN_GRID=$folder/grid
trap './quickstart --stop >/dev/null 2>&1; rm -rf "$folder"' EXIT
number=0
result() {  # STATUS SENTENCE [LOG]
  number=$((number + 1))
  if [ "$1" -eq 0 ]; then
    echo "ok $number - $2"
  else
    echo "not ok $number - $2"
    [ -z "${3:-}" ] || tail -n 15 "$3" | sed 's/^/# /'
  fi
}
last_lines() { tail -n 3 "$1" | sed -E 's/: .*//' | tr '\n' ' '; }
frames_in() { find "$(sed -n 's/^frames: //p' "$1")" -name '*.png' | wc -l; }

./quickstart >"$folder/first" 2>"$folder/first.err" </dev/null
result $? "quickstart_renders_the_sample_from_nothing" "$folder/first.err"
[ "$(last_lines "$folder/first")" = "frames web login " ]
result $? "its_last_three_lines_are_frames_web_login" "$folder/first"
[ "$(frames_in "$folder/first")" -ge 12 ]
result $? "at_least_twelve_frames_are_there"
curl -fsS "$(sed -n 's/^web: //p' "$folder/first")/" | grep -qi '<html'
result $? "the_web_address_answers_with_a_page"
pid=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["pid"])' "$DISTREN_GRID/grid.json")
./quickstart methods/blender/sample/distren-sample.blend --frames 1-4 --resolution 25% >"$folder/second" 2>"$folder/second.err" </dev/null
result $? "a_file_of_one_s_own_renders_on_the_same_grid" "$folder/second.err"
[ "$(frames_in "$folder/second")" -eq 4 ]
result $? "exactly_the_frames_asked_for_are_there"
kill -0 "$pid" && grep -q "\"pid\": $pid" "$DISTREN_GRID/grid.json"
result $? "the_second_run_uses_the_server_of_the_first"
printf 'not a scene\n' >"$folder/text.blend"
./quickstart "$folder/text.blend" >"$folder/third" 2>"$folder/third.err" </dev/null
[ $? -ne 0 ] && grep -q 'text' "$folder/third.err"
result $? "a_file_that_is_no_scene_fails_and_says_why" "$folder/third.err"
./quickstart --stop >"$folder/stop" 2>&1 && ! kill -0 "$pid" 2>/dev/null
result $? "stop_leaves_no_server" "$folder/stop"
sleep 1
! pgrep -f "$DISTREN_GRID" >/dev/null
result $? "stop_leaves_no_other_process"

# Containers often allow no sandbox; a bwrap that fails is such a machine.
mkdir "$folder/bin"
printf '#!/bin/sh\necho "bwrap: No permissions to create new namespace" >&2\nexit 1\n' >"$folder/bin/bwrap"
chmod +x "$folder/bin/bwrap"
export DISTREN_GRID=$folder/open
PATH=$folder/bin:$PATH ./quickstart methods/blender/sample/distren-sample.blend --frames 1-2 --resolution 25% \
  >"$folder/open.out" 2>"$folder/open.err" </dev/null
result $? "a_machine_without_a_sandbox_renders_its_own_scene" "$folder/open.err"
grep -q 'offers no sandbox' "$folder/open.err"
result $? "and_says_that_there_is_none" "$folder/open.err"
./quickstart --stop >"$folder/stop" 2>&1
result $? "that_grid_stops_as_well" "$folder/stop"

# What cannot start says why at once and does not wait for its time to pass.
mkdir "$folder/wrong"
printf 'colour = "green"\n' >"$folder/wrong/distrend.toml"
export DISTREN_GRID=$folder/wrong
./quickstart >"$folder/wrong.out" 2>"$folder/wrong.err" </dev/null
[ $? -ne 0 ] && grep -q 'the server does not start' "$folder/wrong.err" && grep -q 'colour' "$folder/wrong.err"
result $? "a_server_that_ends_is_not_waited_for" "$folder/wrong.err"
echo "1..$number"
