# Projects, their sequences and shots, and the jobs in them.

people
project=$(sql "CALL project_create(1, 'film')")
other=$(sql "CALL project_create(2, 'bobs')")
shots() { sql "CALL shot_list(${1:-$project}, 0, 0, 100)" | cut -f "${2:-1,5-9}"; }
in_project() {  # NAME: a job of the project
  id=$(job "$1" '[1,2]')
  owner "UPDATE job SET project_id = ${2:-$project} WHERE id = $id"
  echo "$id"
}

is "$(sql "CALL project_show($project)")" "$project	1	film	0	1" "a_project_is_shown"
refuses DR404 "no project 99" "an_unknown_project_is_not_shown" "CALL project_show(99)"
is "$(sql "CALL shot_ensure($project, 'SQ010', 'SH020')")" 1 "a_shot_is_made_with_its_sequence"
is "$(sql "CALL shot_ensure($project, ' SQ010 ', 'SH020 ')")" 1 "a_shot_that_is_there_is_found"
is "$(sql "CALL shot_ensure($project, 'SQ010', 'SH030')"; owner 'SELECT COUNT(*) FROM sequence')" "2
1" "shots_share_a_sequence"
is "$(sql "CALL shot_ensure($other, 'SQ010', 'SH020')"; owner 'SELECT COUNT(*) FROM sequence')" "3
2" "names_belong_to_their_project"
refuses DR404 "no project 99" "a_shot_needs_a_project" "CALL shot_ensure(99, 'a', 'b')"
for name in "''" "'  '" "'a/b'" "REPEAT('x', 65)"; do
  refuses DR400 "cannot be a sequence" "a_sequence_is_not_called_$name" "CALL shot_ensure($project, $name, 'b')"
  refuses DR400 "cannot be a shot" "a_shot_is_not_called_$name" "CALL shot_ensure($project, 'a', $name)"
done
is "$(shots)" "1	SQ010	SH020	waiting	0	0
2	SQ010	SH030	waiting	0	0" "a_shot_without_jobs_waits"
is "$(sql "CALL shot_list($project, 0, 1, 100)" | cut -f 1)" 2 "shots_are_paged_by_id"
is "$(sql 'CALL shot_list(0, 3, 0, 1)' | cut -f 1-4)" "3	$other	bobs	2" "one_shot_is_shown_with_its_owner"
refuses DR404 "no shot 99" "an_unknown_shot_is_not_shown" "CALL shot_list(0, 99, 0, 1)"

first=$(in_project first)
sql "CALL shot_add_job(1, $first)"
is "$(shots | head -1)" "1	SQ010	SH020	work	0	1" "a_shot_with_an_active_job_is_in_work"
is "$(sql "CALL job_show($first)" | cut -f 25-26)" "1	SQ010/SH020" "a_job_says_its_shot"
is "$(sql "CALL job_list(0, '', 0, 10, FALSE)" | cut -f 25-26)" "1	SQ010/SH020" "so_does_the_list_of_jobs"
is "$(shots "$project" 10-15 | head -1)" "$first	active	2	0	0	0" "its_latest_job_is_named_but_no_picture_is_there"
task=$(job_column "$first" first_task_id)
journal '' "$(good 21 "$task" 1),$(good 22 $((task + 1)) 1)" >/dev/null
is "$(shots "$project" 7,8,10-15 | head -1)" "review	0	$first	finished	2	2	$first	2" "a_shot_whose_job_is_finished_is_to_be_reviewed"
sql "CALL shot_change(1, NULL, NULL, 'done')"
is "$(shots "$project" 7,8 | head -1)" "done	1" "somebody_says_that_it_is_done"
second=$(in_project second)
sql "CALL shot_add_job(1, $second)"
is "$(shots "$project" 7,8,10,14,15 | head -1)" "work	0	$second	$first	2" "new_work_reopens_it_and_keeps_the_older_picture"
owner "UPDATE job SET tiles_per_frame = 2, accepted_count = 1 WHERE id = $second"
is "$(shots "$project" 10,14 | head -1)" "$first	$first" "tiles_are_no_picture"
owner "UPDATE job SET tiles_per_frame = 1, output = '{\"format\":\"MP4\"}' WHERE id = $second"
is "$(shots "$project" 10,14 | head -1)" "$first	$first" "a_video_is_no_picture"
is "$(sql 'CALL shot_job_list(1)' | tr '\n' ' ')" "$second $first " "the_jobs_of_a_shot_are_listed_newest_first"
sql "CALL job_cancel($second, '')"
is "$(shots "$project" 7 | head -1)" review "a_cancelled_job_is_no_work"
sql "CALL shot_change(1, NULL, NULL, 'waiting'); CALL shot_change(1, NULL, NULL, '')"
is "$(shots "$project" 7,8 | head -1)" "review	0" "what_somebody_said_is_taken_back"

refuses DR404 "no shot 99" "a_job_goes_into_no_unknown_shot" "CALL shot_add_job(99, $first)"
refuses DR404 "no job 99" "no_unknown_job_goes_into_a_shot" "CALL shot_add_job(1, 99)"
refuses DR409 "not in the project" "a_job_goes_into_no_shot_of_another_project" "CALL shot_add_job(3, $first)"
refuses DR409 "not in the project" "nor_does_a_job_without_a_project" "CALL shot_add_job(1, $(job alone '[1]'))"
sql "CALL shot_add_job(0, $second)"
is "$(sql 'CALL shot_job_list(1)')" "$first" "a_job_is_taken_out_of_a_shot"

sql "CALL shot_change(2, NULL, 'SH035', NULL)"
is "$(shots | tail -1 | cut -f 2,3)" "SQ010	SH035" "a_shot_is_renamed"
refuses DR411 '"SH020" already' "a_name_is_taken_once" "CALL shot_change(2, NULL, 'SH020', NULL)"
refuses DR400 "cannot be a shot" "a_shot_cannot_lose_its_name" "CALL shot_change(2, NULL, '', NULL)"
refuses DR400 'state "gone"' "an_unknown_state_of_a_shot_is_refused" "CALL shot_change(2, NULL, NULL, 'gone')"
refuses DR404 "no shot 99" "an_unknown_shot_is_not_changed" "CALL shot_change(99, NULL, 'x', NULL)"
sql "CALL shot_change(2, 'SQ020', NULL, NULL); CALL shot_change(2, 'SQ030', 'SH020', NULL)"
is "$(owner "SELECT name FROM sequence WHERE project_id = $project ORDER BY name" | tr '\n' ' ')" "SQ010 SQ030 " \
  "a_shot_moves_and_an_empty_sequence_goes"
sql 'CALL shot_delete(2); CALL shot_delete(1)'
is "$(shots; owner "SELECT COUNT(*) FROM sequence WHERE project_id = $project"; job_column "$first" 'shot_id IS NULL')" "0
1" "a_deleted_shot_leaves_its_jobs_and_no_empty_sequence"
refuses DR404 "no shot 1" "a_shot_is_deleted_once" "CALL shot_delete(1)"
