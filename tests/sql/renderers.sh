# One job, one build: what jobs are pinned to, and what changes it. Which renderers there are.

people
build=$(printf 'c%.0s' $(seq 64))
renderer_of() { owner "SELECT CONCAT(renderer_version, ' ', LOWER(LEFT(HEX(renderer_build), 4)), ' ', wanted_version) FROM job WHERE id = $1"; }

# The first order decides, and only the first.
job film '[1,2,3]' >/dev/null
is "$(sql 'CALL job_load(1)' | cut -f 19-23 | tr '\t' '|')" "||||" "a_job_without_a_renderer_is_not_pinned"
is "$(sql "CALL job_pin(1, '4.3.2', '$build')" | cut -f 1,2)" "4.3.2	$build" "a_job_is_pinned_to_a_version_and_build"
is "$(sql "CALL job_pin(1, '5.2.2', '')" | cut -f 1,2)" "4.3.2	$build" "a_job_that_is_pinned_stays_as_it_is"
is "$(sql 'CALL job_load(1)' | cut -f 19,20)" "4.3.2	$build" "the_dispatcher_reads_what_it_is_pinned_to"
is "$(sql 'CALL job_show(1)' | cut -f 32,33)" "4.3.2	$build" "and_so_do_people"
job two '[1]' >/dev/null
is "$(together 8 'sql "CALL job_pin(2, \"4.$each\", \"\")"' | cut -f 1 | sort -u | wc -l)" 1 \
  "of_eight_orders_in_the_same_instant_one_chooses_for_all"
refuses DR404 "no job 99" "an_unknown_job_is_not_pinned" "CALL job_pin(99, '4.3.2', '')"
refuses DR400 "is not a renderer" "a_job_is_not_pinned_to_nothing" "CALL job_pin(1, '', '')"
refuses DR400 "is not a renderer" "nor_to_what_is_no_digest" "CALL job_pin(1, '4.3.2', 'abc')"

# Another renderer: all frames again, or none.
journal "$(lease 90 3 2)" "$(good 10 1 1),$(bad 11 2 1 failed 'it crashed' 1)" >/dev/null
is "$(sql "CALL job_renderer_change(1, '4.3.2', '$build', '4.3')"; job_column 1 'accepted_count, failed_count, revision')" "0	0
1	1	1" "the_same_renderer_changes_nothing"
is "$(sql "CALL job_renderer_change(1, '5.2.2', '', '5.2')"; job_column 1 'accepted_count, failed_count, state, revision'; renderer_of 1)" "1	2
0	0	active	2
5.2.2  5.2" "another_renderer_renders_all_frames_again"
is "$(owner 'SELECT state, failure_count FROM task WHERE job_id = 1 ORDER BY id' | tr '\n\t' '; '; owner 'SELECT COUNT(*) FROM lease WHERE task_id <= 3')" "ready 0;ready 0;ready 0;0" "none_of_them_keeps_its_image_or_lease"
is "$(journal '' "$(good 90 3 2)"; job_column 1 accepted_count)" "ended
0" "an_image_of_the_old_renderer_that_comes_late_does_not_count"
is "$(journal '' "$(good 20 1 1),$(good 21 2 1),$(good 22 3 1)"; job_column 1 state)" "accepted accepted accepted finished:1
finished" "those_of_the_new_one_do"
is "$(sql "CALL job_renderer_change(1, '4.3.2', '$build', '4.3.2')"; job_column 1 'state, accepted_count, finished_at')" "1	3
active	0	NULL" "a_finished_job_is_rendered_again_as_well"
sql "CALL job_pause(1, 'x', 'owner')"
is "$(sql "CALL job_renderer_change(1, '', '', '9.9')"; job_column 1 'state, renderer_version')" "1	0
paused	" "a_paused_job_stays_paused_and_may_be_left_to_its_next_order"
refuses DR404 "no job 99" "an_unknown_job_gets_no_renderer" "CALL job_renderer_change(99, '4.3.2', '', '')"
refuses DR400 "not a build" "a_build_is_a_digest" "CALL job_renderer_change(1, '4.3.2', 'xyz', '')"
sql "CALL revision_expect('job', 1, 1)"
refuses DR412 "somebody changed it" "a_renderer_is_not_changed_over_somebody_else" \
  "CALL revision_expect('job', 1, 1); CALL job_renderer_change(1, '4.3.2', '', '')"
sql "CALL job_cancel(1, 'x')"
refuses DR409 "was cancelled" "a_cancelled_job_gets_no_renderer" "CALL job_renderer_change(1, '4.3.2', '', '')"

# A submission says it.
made=$(project=0 submission "$(step a 2 1 0 | sed "s/}\$/,\"renderer_version\":\"4.3.2\",\"renderer_build\":\"$build\",\"wanted_version\":\"4.3\",\"saved_version\":\"4.2\",\"engine\":\"CYCLES\"}/")" | cut -f 1)
is "$(owner "SELECT renderer_version, LOWER(HEX(renderer_build)), wanted_version, saved_version, engine FROM job WHERE id = $made")" \
  "4.3.2	$build	4.3	4.2	CYCLES" "a_job_is_made_with_its_renderer"
refuses DR400 "is not the build of a version" "a_build_without_a_version_is_refused" \
  "CALL submission_create(1, 0, '[$(step a 2 1 0 | sed "s/}\$/,\"renderer_build\":\"$build\"}/" | tr -d '\n')]', '[[1,\"scene.blend\",\"$(printf 'ab%.0s' $(seq 32))\",10]]')"

# What there is.
hello() { sql "CALL slave_hello($1, 'Linux', 'cpu', 8, 16000, '$2', '', '::1')"; }
hello 1 '[["blender","3.4.1"],["blender","4.3.2"]]'
hello 2 '[["blender","4.3.2"],["blender","5.2.2","'"$build"'"]]'
hello 3 '[["blender","2.93"]]'
sql "CALL slave_state_change(3, 'disabled')"
is "$(sql "CALL renderer_offer_list('blender')" | sort)" "3.4.1		1	0
4.3.2		1	0" "the_grid_has_what_enabled_slaves_have_installed"
owner "UPDATE slave SET last_seen_at = UTC_TIMESTAMP() - INTERVAL 2 DAY WHERE id = 1"
is "$(sql "CALL renderer_offer_list('blender')" | sort)" "3.4.1		0	0
4.3.2		1	0" "what_only_a_slave_has_that_is_away_is_not_at_hand"
is "$(sql "CALL renderer_offer_list('maya')")" "" "an_unknown_method_has_none"

# Archives that the grid delivers.
sql "CALL blob_record(1, '$build', 300); CALL blob_record(1, REPEAT('d', 64), 300); CALL blob_record(2, REPEAT('e', 64), 300)"
owner "UPDATE user SET role = 'administrator' WHERE id = 1"
add() { echo "CALL renderer_create(${3:-1}, '${4:-blender}', '$1', '$2', 'blender-$1-linux-x64.tar.xz', 'linux-x86_64', 'program', 1000, REPEAT('0f', 64))"; }
is "$(sql "$(add 5.2.2 "$build")")" 1 "an_archive_is_registered"
is "$(sql 'CALL renderer_list(0)' | cut -f 1-9,11,12,14,16,17)" \
  "1	1	blender	5.2.2	$build	300	1000	linux-x86_64	program	1	blender-5.2.2-linux-x64.tar.xz	alice	1	0" "and_listed_with_who_has_fetched_it"
refuses DR409 "renderer 1 already" "an_archive_is_registered_once" "$(add 5.2.2 "$build")"
is "$(sql "$(add 5.2.2 "$(printf 'd%.0s' $(seq 64))")")" 2 "two_archives_of_a_version_are_told_apart"
is "$(sql "CALL renderer_offer_list('blender')" | grep -c '^5.2.2')" 2 "and_both_are_offered"
refuses DR424 "was not uploaded yet" "an_archive_that_the_administrator_did_not_upload_is_refused" "$(add 4.5 "$(printf 'e%.0s' $(seq 64))")"
refuses DR403 "" "who_is_no_administrator_registers_none" "$(add 4.5 "$(printf 'e%.0s' $(seq 64))" 2)"
refuses DR404 "no render method" "a_method_that_is_not_there_has_no_archives" "$(add 4.5 "$build" 1 maya)"
refuses DR400 "is not a signed renderer" "a_version_is_of_numbers" "$(add 'new' "$build")"
is "$(sql 'CALL renderer_change(1, 2, 0)'; sql "CALL renderer_offer_list('blender')" | grep -c '^5.2.2')" 1 "a_disabled_archive_is_not_offered"
refuses DR404 "no renderer 99" "an_unknown_archive_is_not_changed" "CALL renderer_change(1, 99, 0)"
owner "UPDATE \`blob\` SET last_used_at = UTC_TIMESTAMP() - INTERVAL 9 DAY"
is "$(sql 'CALL blob_delete_unused(60, 100)' | sort)" "$(printf 'e%.0s' $(seq 64))" "a_registered_archive_is_never_swept"
pinned=$(job pinned '[1]')
sql "CALL job_pin($pinned, '5.2.2', '$build')" >/dev/null
is "$(sql 'CALL renderer_user_list(1, 1)' | tr '\t\n' '  ')" "slave 2 slave 2 fetched job $pinned pinned active " "it_is_said_who_uses_an_archive"
refuses DR409 "1 unfinished job is rendered by blender 5.2.2 (build cccccccccccc): $pinned; let them end" "an_archive_that_jobs_need_is_not_removed" "CALL renderer_delete(1, 1, 0)"
is "$(sql 'CALL renderer_delete(1, 1, 1)'; job_column "$pinned" 'state, state_reason')" "$pinned
paused	blender 5.2.2 (build cccccccccccc), which renders it, was removed from this grid; choose another version for it, which renders all its frames again" "removed_by_force_it_pauses_them_with_the_reason"
refuses DR404 "no renderer 1" "what_was_removed_is_gone" "CALL renderer_delete(1, 1, 0)"
is "$(owner "SELECT kind, message FROM activity WHERE kind LIKE 'renderer%' ORDER BY id")" "renderer_added	alice added the renderer blender 5.2.2 (build cccccccccccc)
renderer_added	alice added the renderer blender 5.2.2 (build dddddddddddd)
renderer_disabled	alice disabled the renderer blender 5.2.2 (build dddddddddddd)
renderer_removed	alice removed the renderer blender 5.2.2 (build cccccccccccc)" "what_administrators_did_is_in_the_log"
