# Creating, showing, pausing, cancelling, requeueing and deleting jobs.

people
file="[{\"path\":\"scene.blend\",\"sha256\":\"$(printf 'ab%.0s' $(seq 32))\",\"size\":10}]"
create() {  # NAME PROJECT METHOD SOURCE PRIORITY FILES FRAMES
  echo "CALL job_create(${user:-1}, $2, '$1', '$3', '$4', '{}', '{}', '', '[]', $5, 0, '$6', '$7', ${tiles:-1}, ${after:-0}, 0)"
}

is "$(job first '[5,6,7]')" 1 "a_job_is_made"
is "$(owner 'SELECT id, job_id, frame, state, failure_count FROM task')" "1	1	5	ready	0
2	1	6	ready	0
3	1	7	ready	0" "it_has_a_task_for_each_frame_with_ids_in_a_row"
is "$(sql 'CALL job_show(1)' | cut -f 1-18)" \
  "1	1	alice	0	first	blender	active		scene.blend	{}	{\"format\":\"PNG\"}	3.4	[]	50	1	3	0	0" "a_job_is_shown"
is "$(sql 'CALL job_show(1)' | cut -f 19 | grep -c '^20[0-9-]*T[0-9:]*\.[0-9][0-9][0-9]Z$')" 1 \
  "times_are_iso_8601_in_utc"
is "$(sql 'CALL job_file_list(1)')" "scene.blend	$(printf 'ab%.0s' $(seq 32))	10" "the_files_of_a_job_are_listed"
is "$(job second '[30,10,20]' 1; owner 'SELECT id, frame FROM task WHERE job_id = 2; SELECT state FROM job WHERE id = 2')" "2
4	10
5	20
6	30
paused" "frames_are_put_in_order_and_a_job_may_start_paused"
refuses DR400 "1 to 200" "a_job_needs_a_name" "$(create ' ' 0 blender scene.blend 50 "$file" '[1]')"
refuses DR404 "no project 7" "a_project_must_exist" "$(create x 7 blender scene.blend 50 "$file" '[1]')"
sql "CALL project_create(2, 'bobs')" >/dev/null
refuses DR404 "no project 1" "a_project_must_be_the_users" "$(create x 1 blender scene.blend 50 "$file" '[1]')"
refuses DR400 '"maya" is not known' "a_method_must_be_known" "$(create x 0 maya scene.blend 50 "$file" '[1]')"
refuses DR400 "priority 0" "a_priority_below_1_is_refused" "$(create x 0 blender scene.blend 0 "$file" '[1]')"
refuses DR400 "priority 101" "a_priority_above_100_is_refused" "$(create x 0 blender scene.blend 101 "$file" '[1]')"
refuses DR400 "not 0" "a_job_without_frames_is_refused" "$(create x 0 blender scene.blend 50 "$file" '[]')"
refuses DR400 "among the job" \
  "the_source_must_be_a_file_of_the_job" "$(create x 0 blender other.blend 50 "$file" '[1]')"
refuses DR400 "among the job" "a_job_without_files_is_refused" "$(create x 0 blender scene.blend 50 '[]' '[1]')"
refuses DR400 '"scene.blend" is named twice' "a_file_named_twice_is_refused" \
  "$(create x 0 blender scene.blend 50 "[${file#[}" '[1]' | sed "s/}\]', '\[1\]/},${file#[}', '[1]/; s/\[\[/[/")"
refuses DR424 "1 file was not uploaded yet: scene.blend" "a_file_that_the_user_did_not_upload_is_missing" \
  "$(user=2 create x 0 blender scene.blend 50 "$file" '[1]')"
refuses DR424 "not uploaded yet" \
  "a_file_of_another_size_is_missing" "$(create x 0 blender scene.blend 50 "$(echo "$file" | sed s/10/11/)" '[1]')"
for path in /etc/passwd ../up a/../../b; do
  refuses DR400 "does not stay inside" "the_path_${path}_is_refused" \
    "$(create x 0 blender $path 50 "$(echo "$file" | sed "s|scene.blend|$path|")" '[1]')"
done
refuses DR404 "no user 99" "a_job_of_nobody_is_refused" "$(user=99 create x 0 blender scene.blend 50 "$file" '[1]')"
is "$(owner 'SELECT COUNT(*) FROM job; SELECT COUNT(*) FROM task; SELECT COUNT(*) FROM job_file')" "2
6
2" "a_refused_job_leaves_nothing"

is "$(sql "CALL job_list(0, '', 0, 10, FALSE)" | cut -f 1 | tr '\n' ' ')" "2 1 " "jobs_are_listed_newest_first"
is "$(sql "CALL job_list(1, '', 2, 10, FALSE)" | cut -f 1)" 1 "a_list_of_jobs_goes_on_below_an_id"
is "$(sql "CALL job_list(0, 'paused', 0, 10, FALSE)" | cut -f 1)" 2 "jobs_are_listed_by_state"
is "$(sql "CALL job_list(2, '', 0, 10, FALSE)")" "" "a_user_sees_his_own_jobs_alone"
is "$(sql "CALL job_list(0, '', 0, 10, TRUE)" | cut -f 1 | tr '\n' ' ')" "2 1 " "a_job_that_was_submitted_alone_is_a_submission"
refuses DR400 'state "done"' "an_unknown_state_is_refused" "CALL job_list(0, 'done', 0, 10, FALSE)"
refuses DR404 "no job 99" "an_unknown_job_is_not_shown" "CALL job_show(99)"
refuses DR404 "no job 99" "an_unknown_job_has_no_files" "CALL job_file_list(99)"
refuses DR404 "no job 99" "an_unknown_job_has_no_tasks" "CALL task_list(99, 0, 10)"
is "$(sql 'CALL task_list(1, 0, 2)' | cut -f 1 | tr '\n' ' '; sql 'CALL task_list(1, 2, 100)' | cut -f 1)" "1 2 3" \
  "tasks_are_listed_by_key"
is "$(sql 'CALL task_list(2, 1, 2)' | cut -f 1 | tr '\n' ' ')" "4 5 " "tasks_of_another_job_never_appear"

sql "CALL job_pause(1, 'by its owner', 'owner')"
is "$(job_column 1 'state, state_reason')" "paused	by its owner" "a_job_is_paused_with_the_reason"
sql "CALL job_pause(1, 'again', 'moderator')"
is "$(job_column 1 state_reason)" "by its owner" "pausing_twice_keeps_the_first_reason"
sql "CALL job_resume(1); CALL job_resume(1)"
is "$(job_column 1 'state, state_reason')" "active	" "a_job_is_resumed"
sql "CALL job_change(1, 'renamed', NULL); CALL job_change(1, NULL, 90)"
is "$(job_column 1 'name, priority')" "renamed	90" "name_and_priority_change_one_by_one"
refuses DR400 "priority 200" "a_priority_out_of_range_is_refused" "CALL job_change(1, NULL, 200)"
refuses DR400 "1 to 200" "a_job_cannot_lose_its_name" "CALL job_change(1, '', NULL)"
for call in "job_pause(99, '', 'owner')" "job_resume(99)" "job_cancel(99, '')" "job_requeue(99, 0, FALSE)" "job_delete(99)" "job_change(99, 'x', 1)"; do
  refuses DR404 "no job 99" "an_unknown_job_is_refused_by_${call%%(*}" "CALL $call"
done
refuses DR409 "is active; cancel it first" "an_active_job_is_not_deleted" "CALL job_delete(1)"

journal "$(lease 11 1 1),$(lease 12 2 1)" "$(good 12 2 1)" >/dev/null
sql "CALL job_cancel(1, 'not needed'); CALL job_cancel(1, 'again')"
is "$(job_column 1 'state, state_reason, finished_at IS NOT NULL'; owner 'SELECT state FROM task WHERE job_id = 1; SELECT COUNT(*) FROM lease')" \
  "cancelled	not needed	1
cancelled
accepted
cancelled
0" "cancelling_ends_open_tasks_and_leases_and_keeps_frames"
refuses DR409 "is cancelled and cannot be paused" "a_cancelled_job_cannot_be_paused" "CALL job_pause(1, '', 'owner')"
refuses DR409 "is cancelled and cannot be resumed" "a_cancelled_job_cannot_be_resumed" "CALL job_resume(1)"
refuses DR409 "was cancelled; submit it again" "a_cancelled_job_cannot_be_requeued" "CALL job_requeue(1, 0, FALSE)"
is "$(journal '' "$(good 11 1 1)"; owner 'SELECT state FROM task WHERE id = 1')" "ended
cancelled" "a_late_result_of_a_cancelled_job_does_not_count"
sql 'CALL job_delete(1)'
is "$(owner 'SELECT (SELECT COUNT(*) FROM job), (SELECT COUNT(*) FROM task), (SELECT COUNT(*) FROM attempt), (SELECT COUNT(*) FROM job_file)')" \
  "1	3	0	1" "deleting_a_job_leaves_nothing_of_it"
is "$(journal "$(lease 13 1 1)" "$(good 14 1 1)"; owner 'SELECT COUNT(*) FROM attempt; SELECT COUNT(*) FROM lease')" "unknown
0
0" "a_result_of_a_deleted_job_is_unknown"
is "$(job third '[1]')" 3 "a_job_number_is_never_used_twice"
is "$(journal '' "$(good 21 "$(job_column 3 first_task_id)" 1)")" "accepted finished:3" \
  "a_job_whose_tasks_are_all_accepted_is_finished"
refuses DR409 "is finished already" "a_finished_job_cannot_be_cancelled" "CALL job_cancel(3, '')"
refuses DR409 "is finished and cannot be resumed" "a_finished_job_cannot_be_resumed" "CALL job_resume(3)"
is "$(sql 'CALL job_requeue(3, 0, FALSE)'; job_column 3 state)" "0
finished" "requeueing_a_finished_job_changes_nothing"
is "$(sql 'CALL grid_show()')" "4	0	1	2	2" "the_grid_counts_active_jobs_and_accepted_frames"

# Several steps, frames in tiles.
refuses DR400 "1 to 4,096 tiles, not 5,000" "too_many_tiles_are_refused" "$(tiles=5000 create x 0 blender scene.blend 50 "$file" '[1]')"
begun=$(submission "$(step tiled 2 4 0 1),$(step step 2 1 1),$(step last 1 1 2)")
parent=$(echo "$begun" | awk 'NR == 1 { print $1 }') child=$(echo "$begun" | awk 'NR == 2 { print $1 }')
grandchild=$(echo "$begun" | awk 'NR == 3 { print $1 }') first=$(echo "$begun" | awk 'NR == 1 { print $2 }')
is "$begun" "$parent	$first
$((parent + 1))	$((first + 8))
$((parent + 2))	$((first + 10))" "the_jobs_of_a_submission_and_their_tasks_are_numbered_in_a_row"
sql "CALL submission_add_tasks('[$(tasks $parent $first 2 4)]')"
hidden() {
  sql "CALL job_list(0, '', 0, 100, FALSE)" | cut -f 5 | grep -cE '^(tiled|step|last)$'
  sql "CALL job_load(0); CALL job_load_files(0)" | awk -v from="$parent" '$1 >= from' | wc -l | tr -d ' '
  sql "CALL task_load(0)" | awk -v from="$parent" '$2 >= from' | wc -l | tr -d ' '
  sql "CALL grid_show()" | cut -f 2
}
is "$(hidden | tr '\n' ' ')" "0 0 0 0 " "nobody_sees_a_submission_that_is_not_complete"
for call in "job_show($parent)" "job_pause($parent, '', 'owner')" "job_resume($parent)" "job_cancel($parent, '')" "job_requeue($parent, 0, FALSE)" \
  "job_delete($parent)" "job_change($parent, 'x', 1)" "job_approve($parent)" "job_file_list($parent)" "task_list($parent, 0, 9)" \
  "task_latest($parent)" "shot_add_job(0, $parent)"; do
  refuses DR404 "no job $parent" "${call%%(*}_knows_no_job_that_is_not_complete" "CALL $call"
done
refuses DR409 "not all frames of submission $parent are there" "a_submission_without_all_of_its_frames_is_not_shown" \
  "CALL submission_complete($parent, '', '')"
refuses DR404 "given up" "a_task_that_is_another_jobs_is_refused" "CALL submission_add_tasks('[[$((first + 8)),$parent,1]]')"
sql "CALL submission_add_tasks('[$(tasks $child $((first + 8)) 2 1),$(tasks $grandchild $((first + 10)) 1 1)]')"
sql "CALL submission_complete($parent, '', '')"
is "$(sql "CALL job_list(0, 'active', 0, 100, FALSE)" | cut -f 1,22,23,24,27 | head -3)" \
  "$grandchild	1	$child	$parent	0
$child	1	$parent	$parent	0
$parent	4	0	0	1" "a_complete_submission_is_shown_whole_with_its_holds"
is "$(sql "CALL submission_job_list('[$parent,3]')" | cut -f 1,2)" "3	3
$parent	$parent
$parent	$child
$parent	$grandchild" "the_jobs_of_submissions_are_listed_in_order"
is "$(owner "SELECT tiles_per_frame, task_count, revision FROM job WHERE id = $parent; SELECT GROUP_CONCAT(frame ORDER BY id) FROM task WHERE job_id = $parent")" \
  "4	8	1
1,1,1,1,2,2,2,2" "a_job_in_tiles_has_a_task_for_each_tile_in_the_order_of_frames"
is "$(sql "CALL job_load($child)" | cut -f 12-14)" "1	$parent	1" "a_job_made_of_anothers_output_needs_no_files_and_waits_for_it"
refuses DR404 "given up" "a_submission_is_not_completed_twice" "CALL submission_complete($parent, '', '')"
sql "CALL submission_delete($parent)"
is "$(owner "SELECT COUNT(*) FROM job WHERE id = $parent OR submission_id = $parent; SELECT COUNT(*) FROM task WHERE job_id = $parent")" "3
8" "one_that_is_complete_is_not_given_up"
refuses DR400 "no job 1 before" "a_job_made_of_itself_is_refused" "CALL submission_create(1, 0, '[$(step x 1 1 1)]', '[]')"
refuses DR400 "at least one job" "a_submission_of_nothing_is_refused" "CALL submission_create(1, 0, '[]', '[]')"
before=$(owner "SELECT COUNT(*) FROM job")
begun=$(submission "$(step half 3 1 0),$(step done 1 1 1)")
half=$(echo "$begun" | head -1 | cut -f 1)
sql "CALL submission_add_tasks('[$(tasks $half $(echo "$begun" | head -1 | cut -f 2) 3 1)]')"
is "$(sql "CALL submission_abandoned(60)")" "" "a_submission_that_is_being_written_is_left_alone"
is "$(sql "CALL submission_abandoned(0)")" "$half	$half
$half	$((half + 1))" "what_a_kill_left_is_listed"
sql "CALL submission_delete($half)"
is "$(owner "SELECT COUNT(*) FROM job; SELECT COUNT(*) FROM task WHERE job_id >= $half; SELECT COUNT(*) FROM job_file WHERE job_id >= $half")" \
  "$before
0
0" "and_is_removed_with_all_that_it_had"
begun=$(submission "$(step twice 2 1 0)")
sql "CALL submission_add_tasks('$(echo "$begun" | awk '{ printf "[[%d,%d,7],[%d,%d,7]]", $2, $1, $2 + 1, $1 }')')"
twice=$(echo "$begun" | cut -f 1)
refuses DR400 "1 frames are named twice" "a_frame_named_twice_is_not_shown" "CALL submission_complete($twice, '', '')"
sql "CALL submission_delete($twice)"
refuses DR404 "given up" "a_submission_that_was_swept_is_not_completed" "CALL submission_complete($half, '', '')"
begun=$(submission "$(step 'of a blocked one' 1 1 0)")
blocked=$(echo "$begun" | cut -f 1)
sql "CALL submission_add_tasks('[$(tasks $blocked $(echo "$begun" | cut -f 2) 1 1)]')"
owner "UPDATE user SET blocked_at = UTC_TIMESTAMP(3) WHERE id = 1"
sql "CALL submission_complete($blocked, '', '')"
owner "UPDATE user SET blocked_at = NULL WHERE id = 1"
is "$(job_column $blocked 'state, state_reason'; sql "CALL job_cancel($blocked, ''); CALL job_delete($blocked)")" "paused	paused: its owner is blocked" \
  "the_job_of_one_who_was_blocked_meanwhile_is_paused"
is "$(sql "CALL job_list_dependents($parent, FALSE)" | tr '\n' ' ')" "$child $grandchild " "all_jobs_that_are_made_of_one_are_listed"
owner "UPDATE job SET state = 'finished' WHERE id = $parent OR id = $child"
is "$(sql "CALL job_list_dependents($parent, FALSE); CALL job_list_dependents($parent, TRUE)" | tr '\n' ' ')" "$grandchild $child $grandchild " \
  "those_that_are_finished_are_listed_for_who_wants_them_made_anew"
owner "UPDATE job SET state = 'active' WHERE id = $child"
is "$(sql "CALL job_load($child)" | cut -f 14)" 0 "it_waits_no_more_when_that_job_is_finished"
refuses DR409 "job $child is made of the output of job $parent" "a_job_whose_output_is_needed_is_not_deleted" "CALL job_delete($parent)"
owner "UPDATE job SET state = 'failed', failed_count = 1 WHERE id = $child; UPDATE task SET state = 'failed' WHERE job_id = $child"
sql "CALL job_delete($parent)"
refuses DR409 "which was deleted; submit it again" "a_job_made_of_a_deleted_one_is_not_requeued" "CALL job_requeue($child, 0, FALSE)"

# Lists of submissions.
for n in $(seq 100); do create "filler $n" 0 blender scene.blend 50 "$file" '[1]'; echo ';'; done >"$work/fillers.sql"
sql "$(cat "$work/fillers.sql")" >/dev/null
is "$(owner "FLUSH LOCAL STATUS; CALL submission_job_list('[$(seq -s , 20)]'); SHOW STATUS LIKE 'Handler_read_rnd_next'" |
  awk '$1 == "Handler_read_rnd_next" { print ($2 < 200) }')" 1 "a_list_of_submissions_reads_no_other_jobs"
