# The dispatcher's journal: leases, results, and what it loads at its start.

people
is "$(sql 'CALL attempt_reserve(100); CALL attempt_reserve(1)' | tr '\n' ' ')" "1 101 " "attempt_numbers_are_given_once"
refuses DR400 "cannot reserve 0" "no_attempts_cannot_be_reserved" "CALL attempt_reserve(0)"
job first '[1,2,3]' >/dev/null
job second '[1,2]' 1 >/dev/null

is "$(journal '' '')" "" "an_empty_batch_is_nothing"
is "$(journal "$(lease 1 1 1),$(lease 2 2 2)" '')" "" "a_lease_needs_no_answer"
is "$(sql 'CALL lease_load()')" "1	1	1	1900000000123
2	2	2	1900000000123" "leases_are_loaded_with_their_milliseconds"
journal "$(lease 1 1 1 1900000005000),$(lease 2 2 2 1800000000000)" '' >/dev/null
is "$(sql 'CALL lease_load()' | cut -f 4 | tr '\n' ' ')" "1900000005000 1900000000123 " \
  "a_lease_is_prolonged_and_never_cut_short"
is "$(sql 'CALL task_list(1, 0, 10)' | cut -f 2,3,5,6)" "1	leased	1	slave 1
2	leased	2	slave 2
3	ready	0	NULL" "a_leased_task_says_who_has_it"

is "$(journal '' "$(good 1 1 1)")" accepted "a_result_is_accepted"
is "$(owner 'SELECT state, attempt_id FROM task WHERE id = 1; SELECT COUNT(*) FROM lease')" "accepted	1
1" "its_task_is_accepted_and_its_lease_is_gone"
is "$(owner 'SELECT slave_id, outcome, cpu_ms, wall_ms, peak_memory_mib, output_name, output_size_bytes, LOWER(HEX(output_sha256)), failure_reason FROM attempt')" \
  "1	accepted	1000	900	64	0001.png	1234	$(printf %064d 1)	NULL" "its_attempt_is_kept_with_the_file"
is "$(sql 'CALL task_list(1, 0, 1)' | cut -f 1-13)" \
  "1	1	accepted	0	1	slave 1	0001.png	1234	$(printf %064d 1)	900	1000	NULL	accepted" "an_accepted_task_is_listed_with_its_file"
is "$(job_column 1 'accepted_count, failed_count, state'; owner 'SELECT frames_accepted FROM slave WHERE id = 1')" "1	0	active
1" "job_and_slave_count_it"

is "$(journal '' "$(good 1 1 1)"; job_column 1 accepted_count; owner 'SELECT COUNT(*) FROM attempt; SELECT frames_accepted FROM slave WHERE id = 1')" \
  "accepted
1
1
1" "the_same_result_twice_changes_nothing_and_gives_the_same_answer"
journal "$(lease 1 1 1)" '' >/dev/null
is "$(owner 'SELECT COUNT(*) FROM lease WHERE attempt_id = 1')" 0 "a_replayed_lease_of_an_ended_attempt_stays_gone"
is "$(journal '' "$(good 3 1 2)"; owner 'SELECT outcome, output_name FROM attempt WHERE id = 3; SELECT attempt_id FROM task WHERE id = 1')" "superseded
superseded	NULL
1" "a_second_image_of_a_task_is_superseded"
is "$(journal '' "$(good 3 1 2)")" superseded "and_stays_superseded_when_it_is_said_again"
is "$(journal '' "$(bad 1 1 1 expired '')"; owner 'SELECT state FROM task WHERE id = 1; SELECT outcome FROM attempt WHERE id = 1')" "accepted
accepted
accepted" "an_accepted_task_never_changes"
is "$(journal '' "$(bad 4 1 2 failed crash 1)"; owner 'SELECT state, failure_count, attempt_id FROM task WHERE id = 1')" "recorded
accepted	0	1" "a_failure_after_an_accepted_image_changes_nothing"

is "$(journal '' "$(bad 2 2 2 expired 'no sign of life')"; owner 'SELECT state, failure_count FROM task WHERE id = 2')" "recorded
ready	0" "an_expired_lease_gives_the_task_back_and_is_no_failure"
is "$(journal '' "$(good 2 2 2)"; owner 'SELECT state, attempt_id FROM task WHERE id = 2; SELECT outcome, failure_reason FROM attempt WHERE id = 2')" "accepted
accepted	2
accepted	NULL" "a_result_that_comes_after_its_lease_expired_still_counts"
is "$(journal '' "$(bad 5 3 1 expired ''),$(good 6 3 2)" ; journal '' "$(good 5 3 1)"; owner 'SELECT attempt_id FROM task WHERE id = 3')" "recorded accepted finished:1
superseded
6" "a_stale_lease_cannot_change_an_accepted_task"
is "$(job_column 1 "state, accepted_count, finished_at IS NOT NULL, state_reason = ''")" "finished	3	1	1" "the_job_is_finished"
is "$(owner "SELECT COUNT(*) FROM activity WHERE kind = 'job_finished' AND user_id = 1 AND job_id = 1")" 1 \
  "its_owner_is_told_once"

is "$(journal "$(lease 7 4 1)" "$(good 7 4 1),$(good 7 4 1)"; job_column 2 accepted_count)" "accepted accepted
1" "lease_and_result_and_the_result_again_fit_in_one_batch"
is "$(journal '' "$(good 8 5 1),$(good 9 5 2)"; owner 'SELECT attempt_id FROM task WHERE id = 5')" "accepted superseded finished:2
8" "of_two_images_of_a_task_in_one_batch_the_first_counts"
is "$(job_column 2 state)" finished "a_paused_job_can_finish"
job third '[1,2]' >/dev/null
is "$(journal '' "$(bad 10 6 1 expired ''),$(good 10 6 1)"; owner 'SELECT state FROM task WHERE id = 6')" "accepted accepted
accepted" "an_image_in_the_same_batch_outweighs_its_own_expiry"
is "$(journal '' "$(good 11 999 1),$(bad 12 998 1 failed x 1),$(good 13 7 3)")" "unknown unknown accepted finished:3" \
  "unknown_tasks_do_not_disturb_the_rest_of_a_batch"

job fourth '[1,2,3]' >/dev/null
journal "$(lease 20 8 1),$(lease 21 9 1)" "$(bad 22 10 2 failed "it''s \\\\\"broken\\\\\"")" >/dev/null
is "$(sql 'CALL job_load(0)' | cut -f 1-14)" "4	1	blender	scene.blend	{}	{\"format\":\"PNG\"}	3.4	50	active	8	3	1	0	0" \
  "open_jobs_alone_are_loaded"
is "$(sql 'CALL job_load_files(0)')" "4	scene.blend	$(printf 'ab%.0s' $(seq 32))	10" "with_their_files"
is "$(sql 'CALL task_load(0)')" "8	4	1	0
9	4	2	0
10	4	3	1" "open_tasks_are_loaded_leased_or_not"
is "$(sql 'CALL failure_load(0)')" "10	2	2" "and_where_they_failed"
is "$(sql 'CALL job_load(1); CALL task_load(1); CALL failure_load(1); CALL job_load_files(1)')" "" \
  "of_an_ended_job_nothing_is_loaded"
is "$(sql 'CALL task_load(4)' | wc -l | tr -d ' ')" 3 "one_job_can_be_loaded_alone"
is "$(owner 'SELECT failure_reason FROM attempt WHERE id = 22')" "it's \"broken\"" "reasons_may_hold_quotes"
owner "UPDATE task SET state = 'cancelled' WHERE id = 9" >/dev/null
is "$(sql 'CALL lease_load()' | cut -f 1; owner 'SELECT COUNT(*) FROM lease')" "20
1" "leases_of_tasks_that_are_no_longer_open_are_cleared_at_the_start"
case $(sql "CALL journal_write('[$(lease 99 8 1)]', 'no json')") in *"Syntax error in JSON"*) said=refused ;; *) said=no ;; esac
is "$said $(owner 'SELECT COUNT(*) FROM lease WHERE attempt_id = 99')" "refused 0" \
  "a_batch_that_is_no_json_changes_nothing"
job sixth '[1,2,3]' >/dev/null
first=$(owner "SELECT first_task_id FROM job WHERE name = 'sixth'")
number=$(owner "SELECT id FROM job WHERE name = 'sixth'")
is "$(figures "" "$(good 60 "$first" 1),$(bad 61 $((first + 1)) 1 failed broken),$(good 62 99999 1)")" "$number: 1 1 0 active" \
  "a_job_whose_frames_ended_is_told_with_its_figures"
is "$(figures "" "$(bad 63 $((first + 1)) 1 failed broken)")" "" "a_failure_that_changes_no_figure_tells_nothing"
is "$(figures "" "$(bad 64 $((first + 1)) 1 failed broken 1),$(good 65 $((first + 2)) 1)")" "$number: 1 2 1 failed" \
  "and_with_its_state"
job seventh '[1,2]' >/dev/null
first=$(owner "SELECT first_task_id FROM job WHERE name = 'seventh'")
unseen() { good "$@" | sed 's/"[0-9]*\.png"/null/'; }
is "$(journal '' "$(good 70 "$first" 1)"; journal '' "$(bad 71 $((first + 1)) 1 returned '')"
  journal '' "$(good 71 $((first + 1)) 1)"; owner "SELECT state FROM task WHERE id = $first + 1")" "accepted
recorded
ended
ready" "what_was_returned_cannot_be_brought_after_all"
is "$(journal '' "$(unseen 72 $((first + 1)) 1),$(good 73 $((first + 1)) 2)"; owner "SELECT attempt_id FROM task WHERE id = $first + 1")" \
  "superseded accepted finished:$(owner "SELECT id FROM job WHERE name = 'seventh'")
73" "a_result_without_its_image_never_wins_nor_stands_before_one_that_may"
is "$(sql "CALL attempt_accepted('[{\"task_id\":$first,\"attempt_id\":70},{\"task_id\":$((first + 1)),\"attempt_id\":71},{\"task_id\":$((first + 1)),\"attempt_id\":73},{\"task_id\":9999,\"attempt_id\":1}]')" | cut -f 2)" "70
73" "accepted_attempts_are_known_by_task_and_number"
