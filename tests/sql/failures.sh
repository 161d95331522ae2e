# Failures: tasks given up, jobs that fail, jobs paused because too much fails alike, forgiveness.

people
# A slave of carol's (3), beside the four of bob's, and one of alice's, whose jobs these are.
sql "CALL user_create('carol', '', 'h'); CALL slave_create(3, 'slave 5', 'key5', REPEAT('p', 32));
     CALL slave_create(1, 'slave 6', 'key6', REPEAT('p', 32))" >/dev/null
job few '[1,2]' >/dev/null
is "$(journal '' "$(bad 1 1 1 failed 'crash at 0x1')"; owner 'SELECT state, failure_count, attempt_id FROM task WHERE id = 1')" "recorded
ready	1	1" "a_failure_gives_the_task_back_and_is_counted"
is "$(journal '' "$(bad 1 1 1 failed 'crash at 0x1')"; owner 'SELECT failure_count FROM task WHERE id = 1')" "recorded
1" "the_same_failure_twice_is_counted_once"
journal '' "$(bad 2 1 2 rejected 'the image is black'),$(bad 3 1 3 returned 'shutting down'),$(bad 4 1 3 cancelled '')" >/dev/null
is "$(owner 'SELECT failure_count FROM task WHERE id = 1'; sql 'CALL failure_load(0)' | tr '\n' ' ')" "2
1	1	2 1	2	2 " "a_rejected_image_is_a_failure_and_a_returned_task_is_none"
is "$(sql 'CALL task_list(1, 0, 1)' | cut -f 3,4,5,12)" "ready	2	3	NULL" "a_task_shows_its_latest_attempt"
is "$(journal '' "$(bad 5 1 4 failed 'third time' 1)"; owner 'SELECT state, failure_count FROM task WHERE id = 1'; job_column 1 'state, failed_count')" "recorded
failed	3
active	1" "the_last_failure_fails_the_task_and_not_the_job"
is "$(sql 'CALL task_load(0)' | cut -f 1)" 2 "a_failed_task_is_not_open"
is "$(journal '' "$(bad 5 1 4 failed 'third time' 1)"; job_column 1 failed_count)" "recorded
1" "the_last_failure_twice_fails_the_task_once"
is "$(journal '' "$(good 6 1 2)"; owner 'SELECT state FROM task WHERE id = 1')" "ended
failed" "a_failed_task_is_changed_by_requeue_alone"
is "$(journal '' "$(good 7 2 2)"; job_column 1 'state, state_reason, accepted_count, failed_count')" "accepted
failed	1 of 2 frames failed	1	1" "a_job_whose_tasks_ended_but_not_all_well_failed"
is "$(owner "SELECT message FROM activity WHERE kind = 'job_failed'")" "Job 1 (few) failed: 1 of 2 frames failed" \
  "its_owner_is_told"
refuses DR409 "requeue it" "a_failed_job_is_requeued_and_not_resumed" "CALL job_resume(1)"
is "$(sql 'CALL job_requeue(1, 0, FALSE)'; job_column 1 "state, failed_count, finished_at IS NULL, state_reason = ''"; owner 'SELECT state, failure_count FROM task WHERE id = 1')" "1
active	0	1	1
ready	0" "requeueing_opens_failed_tasks_and_the_job"
journal '' "$(bad 8 1 1 failed again)" >/dev/null
is "$(sql 'CALL failure_load(0)')" "1	1	2" "old_failures_are_forgiven_and_new_ones_count"
is "$(sql 'CALL job_requeue(1, 0, FALSE)'; owner 'SELECT failure_count FROM task WHERE id = 1')" "0
1" "requeueing_without_failed_tasks_changes_nothing"
is "$(journal '' "$(bad 9 1 3 expired 'gone for good' 1)"; job_column 1 state)" "recorded
failed" "a_task_may_be_given_up_after_it_expired_too"

# Alike: the reason without its digits.
job alike '[1,2,3,4,5,6,7,8,9,10]' >/dev/null
two() {  # ATTEMPT TASK ENDING REASON: on slaves of two people
  printf '%s,%s' "$(bad "$1" "$2" 1 "$3" "$4")" "$(bad $(($1 + 500)) "$2" 5 "$3" "$4")"
}
is "$(journal '' "$(two 21 3 failed 'frame 1: no camera'),$(two 22 4 failed 'frame 2: no camera'),$(bad 23 4 3 failed 'frame 2: no camera')")" \
  "recorded recorded recorded recorded recorded" "two_tasks_failing_alike_pause_nothing"
is "$(journal '' "$(two 24 5 failed 'out of memory')"; job_column 2 state)" "recorded recorded
active" "another_reason_is_not_alike"
is "$(journal '' "$(two 25 6 rejected 'frame 4: no camera')")" "recorded recorded paused:2" \
  "the_third_task_that_fails_alike_pauses_the_job"
is "$(job_column 2 'state, state_reason')" "paused	paused: 3 of 10 frames failed alike: frame 4: no camera" "the_job_says_why"
is "$(owner "SELECT user_id, message FROM activity WHERE kind = 'job_paused'")" \
  "1	Job 2 (alike) paused: 3 of 10 frames failed alike: frame 4: no camera" "the_owner_is_told_why"
is "$(journal '' "$(two 26 7 failed 'frame 5: no camera')"; owner "SELECT COUNT(*) FROM activity WHERE kind = 'job_paused'")" "recorded recorded
1" "a_paused_job_is_not_paused_again"
sql 'CALL job_resume(2)'
is "$(journal '' "$(two 27 8 failed 'frame 6: no camera'),$(two 28 9 failed 'frame 7: no camera')")" "recorded recorded recorded recorded" \
  "after_resuming_the_count_starts_again"
is "$(journal '' "$(two 29 10 failed 'frame 8: no camera')")" "recorded recorded paused:2" "and_pauses_again"

job large "[$(seq -s , 1 100)]" >/dev/null
batch=
for task in $(seq 13 16); do batch="$batch$(two $((task + 100)) "$task" failed boom),"; done
is "$(journal '' "${batch%,}" | tr ' ' '\n' | sort | uniq -c | tr -d ' ')" "8recorded" "4_of_100_are_not_yet_5_per_cent"
is "$(journal '' "$(two 200 17 failed boom)")" "recorded recorded paused:3" "5_of_100_are"

# A reason is its slave's own word.
job slandered "[$(seq -s , 1 9)]" >/dev/null
first=$(job_column 4 first_task_id)
all_of() {  # JOB SLAVE ATTEMPT [CODE [COUNTS]]: each task of the job fails there
  batch=
  for task in $(seq 0 8); do batch="$batch$(bad $(($3 + task)) $(($(job_column "$1" first_task_id) + task)) "$2" failed lie 0 "${4:-}" "${5:-1}"),"; done
  journal '' "${batch%,}"
}
is "$(all_of 4 1 401; all_of 4 2 411; job_column 4 state)" "$(yes recorded | head -9 | tr '\n' ' ' | sed 's/ $//')
$(yes recorded | head -9 | tr '\n' ' ' | sed 's/ $//')
active" "one_persons_slaves_pause_no_job_of_another"
is "$(owner "SELECT COUNT(*) FROM job_failure WHERE job_id = 4")" 3 "nor_are_they_written_down_without_end"
is "$(journal '' "$(bad 421 "$first" 5 failed lie),$(bad 422 $((first + 1)) 5 failed lie)"; job_column 4 state)" "recorded recorded
active" "nor_when_somebody_else_says_the_same_now_and_then"
is "$(journal '' "$(bad 423 $((first + 2)) 5 failed lie)")" "recorded paused:4" "until_as_many_fail_without_that_person"
job witnessed "[$(seq -s , 1 9)]" >/dev/null
is "$(all_of 5 6 431 | tr ' ' '\n' | tail -1)" "paused:5" "a_slave_of_the_jobs_owner_is_believed"
job copied "[$(seq -s , 1 9)]" >/dev/null
first=$(job_column 6 first_task_id)
is "$(journal '' "$(bad 471 "$first" 6 failed lie)" >/dev/null; all_of 6 1 481 >/dev/null; job_column 6 state)" active \
  "but_not_for_what_others_copy_of_its_words"
job unlucky "[$(seq -s , 1 9)]" >/dev/null
is "$(all_of 7 1 441 out_of_memory 0; all_of 7 5 451 renderer_crashed 0 >/dev/null; job_column 7 state)" \
  "$(yes recorded | head -9 | tr '\n' ' ' | sed 's/ $//')
active" "faults_of_machines_pause_no_job"
first=$(job_column 7 first_task_id)
is "$(owner "SELECT failure_count FROM task WHERE id = $first; SELECT failure_code FROM attempt WHERE task_id = $first ORDER BY id")" "0
out_of_memory
renderer_crashed" "and_count_against_no_task_but_are_told"
is "$(sql 'CALL failure_load(7)' | head -2)" "$first	1	2
$first	5	3" "but_do_not_return_to_their_slaves_after_a_start"
is "$(sql "CALL task_list(7, 0, 1)" | cut -f 12,15)" "lie	renderer_crashed" "a_task_shows_the_code_of_its_latest_failure"
journal '' "$(bad 461 "$first" 1 failed 'no room' 1 out_of_memory 0),$(bad 462 $((first + 1)) 1 failed 'no room' 1 out_of_memory)" >/dev/null
is "$(owner "SELECT state, failure_count FROM task WHERE id BETWEEN $first AND $first + 1")" "failed	0
failed	1" "a_task_may_be_given_up_by_whatever_ended_it"

job doomed '[1,2,3]' >/dev/null
first=$(job_column 8 first_task_id)
is "$(journal '' "$(bad 301 $first 1 failed no 1),$(bad 302 $((first + 1)) 1 failed no 1),$(bad 303 $((first + 2)) 1 failed no 1)"; job_column 8 'state, failed_count, state_reason')" \
  "recorded recorded recorded
failed	3	3 of 3 frames failed" "a_job_that_has_ended_is_not_paused"
is "$(owner 'SELECT COUNT(*) FROM job j WHERE j.accepted_count <> (SELECT COUNT(*) FROM task t WHERE t.job_id = j.id AND t.state = "accepted")
  OR j.failed_count <> (SELECT COUNT(*) FROM task t WHERE t.job_id = j.id AND t.state = "failed")')" 0 "the_counts_of_every_job_are_those_of_its_tasks"

# One frame, all frames, finished ones too.
job once '[1,2,3]' >/dev/null
number=$(owner "SELECT id FROM job WHERE name = 'once'")
first=$(owner "SELECT first_task_id FROM job WHERE name = 'once'")
journal '' "$(good 91 "$first" 1),$(good 92 $((first + 1)) 1),$(bad 93 $((first + 2)) 1 failed broken 1)" >/dev/null
is "$(sql "CALL job_requeue($number, $first, FALSE)"; job_column "$number" 'state, accepted_count, failed_count, finished_at IS NULL')" "1
active	1	1	1" "a_finished_frame_is_rendered_again"
is "$(journal '' "$(good 94 "$first" 2)"; owner "SELECT attempt_id FROM task WHERE id = $first")" "accepted
94" "and_its_new_picture_counts"
is "$(sql "CALL job_requeue($number, 0, TRUE)"; job_column "$number" 'state, accepted_count, failed_count')" "3
active	0	0" "all_frames_are_rendered_again"
is "$(journal '' "$(good 95 "$first" 1),$(good 96 $((first + 1)) 1),$(good 97 $((first + 2)) 2)"; job_column "$number" state)" \
  "accepted accepted accepted finished:$number
finished" "and_finish_the_job_again"
refuses DR404 "has no task 1" "a_task_of_another_job_is_not_requeued" "CALL job_requeue($number, 1, FALSE)"

# Test frames first.
job held '[1,2,3]' >/dev/null
number=$(owner "SELECT id FROM job WHERE name = 'held'")
is "$(sql "$(owner "UPDATE job SET needs_approval = TRUE WHERE id = $number")CALL job_load($number)" | cut -f 17)" 1 "a_held_job_is_loaded_as_one"
is "$(sql "CALL job_approve($number); CALL job_load($number)" | cut -f 17)" 0 "and_approved_it_is_not"
refuses DR404 "no job 999" "what_is_not_there_is_not_approved" "CALL job_approve(999)"
refuses DR409 "nothing left to approve" "what_has_ended_is_not_approved" "CALL job_approve(1)"
