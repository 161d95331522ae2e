# What a result brings besides its first image: warnings of the renderer, and further files.

people
# warned ENDING WARNINGS: an ending with warnings, each ["code","message",count].
warned() {
  printf '%s' "$1" | sed 's/\]$//'
  case $1 in *accepted*) printf ',0,0,0,0,0,"",0' ;; esac
  printf ',[%s]]' "$2"
}
# The warnings of the first task in the list, or of a job, without spaces.
task_warnings() { sql "CALL task_list($1, 0, 10)" | awk -F '\t' -v task="$2" '$1 == task { print $16 }'; }
job_warnings() { sql "CALL job_show($1)" | awk -F '\t' '{ print $30 }'; }
texture='["input_missing","the texture a.png is missing",1]'
scripts='["","scripts were not run",3]'

job first '[1,2,3]' >/dev/null
is "$(job_warnings 1)" "[]" "a_job_has_no_warnings_before_its_frames"
is "$(journal '' "$(warned "$(good 1 1 1)" "$texture,$scripts"),$(good 2 2 1)")" "accepted accepted" "a_result_with_warnings_is_accepted"
is "$(task_warnings 1 1)" '[{"code": "input_missing", "message": "the texture a.png is missing", "count": 1},{"code": null, "message": "scripts were not run", "count": 3}]' \
  "they_stand_with_their_frame_in_order"
is "$(task_warnings 1 2)" NULL "a_frame_without_has_none"
is "$(job_warnings 1 | tr '}' '\n' | wc -l)" 3 "the_job_has_both_kinds"
journal '' "$(warned "$(good 1 1 1)" "$texture,$scripts")" >/dev/null
is "$(owner 'SELECT count, task_count FROM job_warning ORDER BY count')" "1	1
3	1" "the_same_result_twice_counts_them_once"
journal '' "$(warned "$(good 3 1 2)" "$texture")" >/dev/null
is "$(owner 'SELECT COUNT(*) FROM attempt_warning; SELECT SUM(task_count) FROM job_warning')" "2
2" "a_second_image_of_a_frame_adds_none"
journal '' "$(warned "$(bad 4 3 2 failed broken)" "$texture")" >/dev/null
is "$(task_warnings 1 3 | grep -c texture; owner 'SELECT SUM(task_count) FROM job_warning')" "1
2" "those_of_a_failure_stand_with_the_frame_and_count_when_it_is_given_up"
is "$(sql "CALL journal_write('[]', '[$(warned "$(bad 5 3 3 failed broken 1)" "$texture")]')" | awk -F '\t' '$1 == 4 { print $2, $3 }')" \
  '1 [{"code": "input_missing", "message": "the texture a.png is missing", "count": 2, "task_count": 2},{"code": null, "message": "scripts were not run", "count": 3, "task_count": 1}]' \
  "the_pages_are_told_the_sums"
sql 'CALL job_requeue(1, 3, FALSE)' >/dev/null
is "$(owner 'SELECT task_count, count FROM job_warning ORDER BY count')" "1	1
1	3" "a_requeued_frame_takes_its_own_back"
sql 'CALL job_requeue(1, 0, TRUE)' >/dev/null
is "$(job_warnings 1)" "[]" "all_frames_again_begin_with_none"
journal '' "$(warned "$(good 6 1 1)" "$(for each in $(seq 30); do printf '["","kind %s",1],' "$each"; done)[\"\",\"$(printf '%2000s' | tr ' ' x)\",0]")" >/dev/null
is "$(owner 'SELECT COUNT(*) FROM attempt_warning WHERE attempt_id = 6')" 20 "a_frame_has_twenty_kinds_at_most"
journal '' "$(warned "$(good 7 2 1)" "[\"$(printf '%90s' | tr ' ' c)\",\"$(printf '%2000s' | tr ' ' x)\",0]")" >/dev/null
is "$(owner 'SELECT LENGTH(code), LENGTH(message), count FROM attempt_warning WHERE attempt_id = 7')" "60	1000	1" \
  "and_their_texts_and_counts_have_bounds"
job many '[1,2,3]' >/dev/null
for task in 4 5 6; do
  journal '' "$(warned "$(good $((task + 6)) $task 1)" "$(for each in $(seq 19); do printf '["","kind %s of %s",1],' "$each" "$task"; done)[\"\",\"last\",1]")" >/dev/null
done
is "$(owner 'SELECT COUNT(*) FROM job_warning WHERE job_id = 2; SELECT task_count FROM job_warning WHERE job_id = 2 AND message = "last"')" "50
3" "a_job_has_fifty_kinds_at_most_and_still_counts_those_it_has"
sql 'CALL job_delete(2)' >/dev/null
is "$(owner 'SELECT COUNT(*) FROM attempt_warning WHERE task_id > 3; SELECT COUNT(*) FROM job_warning WHERE job_id = 2')" "0
0" "they_go_with_their_job"

# Files of a result after its first.
several() {  # ENDING OUTPUTS: an accepted ending with further files
  printf '%s,0,0,0,0,0,"",0,null,[%s]]' "$(printf '%s' "$1" | sed 's/\]$//')" "$2"
}
file() { printf '["%s",%s,"%064d",64,36,"OPEN_EXR"]' "$1" "$2" "$2"; }
more_of() { sql "CALL task_list($1, 0, 10)" | awk -F '\t' -v task="$2" '$1 == task { print $17 }'; }
job several '[1,2,3]' >/dev/null
one=$(job_column 3 first_task_id)
two=$((one + 1))
is "$(journal '' "$(several "$(good 31 $one 1)" "$(file Depth/0001.exr 5),$(file Mist/0001.exr 6)")")" accepted "a_result_of_several_files_is_accepted"
is "$(more_of 3 $one)" "[{\"name\": \"Depth/0001.exr\", \"size_bytes\": 5, \"sha256\": \"$(printf %064d 5)\", \"width\": 64, \"height\": 36},{\"name\": \"Mist/0001.exr\", \"size_bytes\": 6, \"sha256\": \"$(printf %064d 6)\", \"width\": 64, \"height\": 36}]" \
  "its_files_are_listed_in_order"
is "$(journal '' "$(several "$(good 31 $one 1)" "$(file Depth/0001.exr 5)")"; owner 'SELECT COUNT(*) FROM attempt_output')" "accepted
2" "the_same_result_again_changes_none"
is "$(journal '' "$(several "$(good 32 $one 2)" "$(file Depth/0001.exr 7)")"; owner 'SELECT size_bytes FROM attempt_output WHERE name LIKE "Depth%"')" "superseded
5" "files_of_a_second_image_are_never_mixed_in"
is "$(sql "CALL output_name_taken(3, $two, '[\"Depth/0001.exr\",\"Depth/0002.exr\",\"depth/0001.exr\"]')")" "Depth/0001.exr" "a_name_of_another_frame_is_taken"
is "$(sql "CALL output_name_taken(3, $one, '[\"Depth/0001.exr\"]')")" "" "and_of_ones_own_is_not"
is "$(sql "CALL journal_write('[]', '[$(several "$(good 33 $two 1)" "$(file Depth/0001.exr 8)")]')" 2>&1 | grep -c Duplicate; owner "SELECT state FROM task WHERE id = $two")" "1
ready" "two_frames_never_have_one_name"
is "$(sql "CALL attempt_accepted('[{\"task_id\":$one,\"attempt_id\":31},{\"task_id\":$one,\"attempt_id\":32}]')")" "$one	31	0	$(printf %04d.png $one)
$one	31	1	Depth/0001.exr
$one	31	2	Mist/0001.exr" "what_a_kill_left_staged_is_found_with_all_its_names"
sql "CALL job_requeue(3, $one, FALSE)" >/dev/null
is "$(owner 'SELECT COUNT(*) FROM attempt_output')" 0 "a_frame_that_is_rendered_again_gives_its_names_back"
is "$(journal '' "$(several "$(good 34 $one 1)" "$(file Depth/0001.exr 9)")"; more_of 3 $one | grep -c '"size_bytes": 9')" "accepted
1" "and_gets_those_of_its_new_image"
sql "CALL job_cancel(3, ''); CALL job_delete(3)" >/dev/null
is "$(owner 'SELECT COUNT(*) FROM attempt_output')" 0 "files_go_with_their_job"
