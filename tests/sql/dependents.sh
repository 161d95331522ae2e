# Waiting ends: what is made of the output of a job that fails or is cancelled fails with it, and who paused a job.

people
job source '[1,2]' >/dev/null
after=1 job stitch '[1,2]' >/dev/null
after=2 job video '[1]' 1 >/dev/null
job other '[1]' >/dev/null
after=4 job waiting '[1]' >/dev/null
journal '' "$(good 1 1 1)" >/dev/null
is "$(journal '' "$(bad 2 2 1 failed crash 1)"; owner 'SELECT id, state, failed_count FROM job ORDER BY id')" "recorded
1	failed	1
2	failed	2
3	failed	1
4	active	0
5	active	0" "what_waits_for_a_job_fails_with_it_at_once_paused_or_not"
is "$(job_column 2 state_reason; job_column 3 state_reason)" "job 1, whose output it is made of, failed: 1 of 2 frames failed
job 2, whose output it is made of, failed: job 1, whose output it is made of, failed: 1 of 2 frames failed" "and_says_why"
is "$(job_column 2 'finished_at IS NOT NULL, revision > 1'; owner 'SELECT COUNT(*) FROM task WHERE id BETWEEN 3 AND 5 AND state <> "failed"')" "1	1
0" "it_has_ended_and_none_of_its_tasks_is_open"
is "$(owner 'SELECT job_id FROM activity WHERE kind = "job_failed" ORDER BY job_id' | tr '\n' ' ')" "1 2 3 " "its_owner_is_told"
is "$(sql 'CALL job_load(0)' | cut -f 1 | tr '\n' ' ')" "4 5 " "the_dispatcher_loads_none_of_them"
is "$(sql "CALL journal_write('[]', '[$(bad 2 2 1 failed crash 1)]')" | awk -F '\t' '$1 == 5' | wc -l)" 0 "the_same_failure_twice_fails_them_once"
refuses DR409 "requeue that one" "it_alone_cannot_be_requeued" "CALL job_requeue(2, 0, FALSE)"
is "$(sql 'CALL job_requeue(1, 0, FALSE); CALL job_requeue(2, 0, TRUE); CALL job_requeue(3, 0, TRUE)' | tr '\n' ' '; owner 'SELECT state FROM job WHERE id < 4' | tr '\n' ' ')" \
  "1 2 1 active active active " "it_follows_when_its_source_is_requeued"
is "$(sql "CALL journal_write('[]', '[$(bad 3 2 2 failed crash 1)]')" | awk -F '\t' '$1 == 5 { print $2, ($5 > 1) } $1 == 3 { print $2, $3 }' | sort)" "1 1 1 1 failed
2 1
2 1 0 2 failed
3 1
3 1 0 1 failed" "dispatcher_and_pages_are_told_of_each"
sql 'CALL job_requeue(1, 0, FALSE); CALL job_requeue(2, 0, TRUE); CALL job_requeue(3, 0, TRUE)' >/dev/null
sql "CALL job_cancel(1, 'cancelled by its owner')" >/dev/null
is "$(job_column 2 state)" active "a_kill_between_two_cancellations_leaves_one_waiting"
sql 'CALL job_fail_stranded()' >/dev/null
is "$(job_column 2 'state, state_reason'; job_column 3 state)" "failed	job 1, whose output it is made of, was cancelled by its owner
failed" "and_the_next_start_ends_it"
refuses DR409 "was cancelled; submit it again" "what_is_made_of_a_cancelled_job_cannot_be_requeued" "CALL job_requeue(2, 0, FALSE)"
is "$(sql 'CALL job_fail_stranded()'; job_column 5 state)" active "what_waits_for_a_living_job_waits_on"

is "$(sql 'CALL job_show(5)' | cut -f 31)" "" "an_active_job_is_paused_by_nobody"
sql "CALL job_pause(5, 'paused by its owner', 'owner')" >/dev/null
is "$(sql 'CALL job_show(5)' | cut -f 31)" owner "a_paused_one_says_who_did_it"
sql "CALL job_resume(5); CALL job_pause(5, 'paused by bob', 'moderator')" >/dev/null
is "$(sql "CALL job_list(0, 'paused', 0, 10, FALSE)" | cut -f 31)" moderator "in_lists_too"
job alike '[1,2,3]' >/dev/null
journal '' "$(bad 11 8 1 failed crash 1),$(bad 12 9 1 failed crash 1)" >/dev/null
is "$(sql 'CALL job_show(6)' | cut -f 7,31)" "active	" "two_failures_pause_nothing"
job alike '[1,2,3,4]' >/dev/null
journal '' "$(bad 13 11 1 failed crash 1),$(bad 14 12 1 failed crash 1),$(bad 15 13 1 failed crash 1)" >/dev/null
is "$(sql 'CALL job_show(7)' | cut -f 7,31)" "paused	server" "the_server_pauses_what_fails_alike"
