# Blobs and projects.

people
d1=$(printf 'ab%.0s' $(seq 32))
d2=$(printf 'cd%.0s' $(seq 32))
D2=$(printf 'CD%.0s' $(seq 32))
is "$(sql "CALL blob_missing(1, '[\"$d2\",\"$d1\",\"$D2\"]')")" "$d2" \
  "what_the_user_has_not_uploaded_is_missing_and_named_once"
is "$(sql "CALL blob_missing(2, '[\"$d1\"]')")" "$d1" "knowing_a_digest_is_not_owning_the_file"
sql "CALL blob_record(2, '$d1', 10); CALL blob_record(2, '$d1', 10)"
is "$(sql "CALL blob_missing(2, '[\"$d1\"]')"; owner 'SELECT COUNT(*) FROM `blob`; SELECT COUNT(*) FROM blob_owner')" "1
2" "a_file_that_two_people_upload_is_stored_once"
refuses DR409 "10 bytes, not 11" "a_digest_cannot_have_two_sizes" "CALL blob_record(1, '$d1', 11)"
refuses DR400 "not a SHA-256" "a_digest_that_is_none_is_refused" "CALL blob_record(1, 'abc', 1)"
refuses DR400 "not a SHA-256" \
  "a_question_with_a_digest_that_is_none_is_refused" "CALL blob_missing(1, '[\"$d1\",\"x\"]')"
refuses DR400 "-1 bytes" "a_negative_size_is_refused" "CALL blob_record(1, '$d2', -1)"
refuses DR404 "no user 99" "a_file_of_nobody_is_refused" "CALL blob_record(99, '$d2', 1)"
is "$(sql "CALL blob_missing(1, '[]')")" "" "nothing_asked_nothing_missing"

sql "CALL blob_record(1, '$d2', 5)"
job keeps '[1]' >/dev/null
owner 'UPDATE `blob` SET last_used_at = UTC_TIMESTAMP(3) - INTERVAL 1 DAY' >/dev/null
is "$(sql 'CALL blob_delete_unused(100000, 10)')" "" "a_young_file_is_not_swept"
sql "CALL blob_missing(1, '[\"$d2\"]')" >/dev/null
is "$(sql 'CALL blob_delete_unused(3600, 10)')" "" "a_file_that_somebody_asked_for_is_kept_for_another_while"
owner 'UPDATE `blob` SET last_used_at = UTC_TIMESTAMP(3) - INTERVAL 1 DAY' >/dev/null
is "$(sql 'CALL blob_delete_unused(3600, 10)')" "$d2" "an_old_file_without_a_job_is_swept"
is "$(sql 'CALL blob_delete_unused(3600, 10)'; owner 'SELECT LOWER(HEX(sha256)) FROM `blob`')" "$d1" \
  "the_file_of_a_job_is_never_swept"
is "$(sql "CALL blob_missing(1, '[\"$d2\"]')")" "$d2" "a_swept_file_is_missing_again"

is "$(sql "CALL project_create(1, ' film ')")" 1 "a_project_is_made"
refuses DR411 '"Film" already' "a_project_name_stands_once_per_user" "CALL project_create(1, 'Film')"
is "$(sql "CALL project_create(2, 'film')")" 2 "another_user_may_use_the_same_name"
refuses DR400 "1 to 200" "a_project_needs_a_name" "CALL project_create(1, ' ')"
refuses DR404 "no user 99" "a_project_of_nobody_is_refused" "CALL project_create(99, 'x')"
sql "CALL job_create(1, 1, 'in a project', 'blender', 'scene.blend', '{}', '{}', '', '[]', 50, 0,
  '[{\"path\":\"scene.blend\",\"sha256\":\"$d1\",\"size\":10}]', '[1]', 1, 0, 0)" >/dev/null
is "$(sql 'CALL project_list(1)')" "1	1	film	1	1" "a_list_of_projects_counts_jobs"
is "$(sql 'CALL project_list(0)' | wc -l | tr -d ' ')" 2 "user_0_sees_everybodys_projects"
sql "CALL project_create(1, 'other')" >/dev/null
refuses DR411 '"FILM" already' "a_project_gets_no_name_that_is_taken" "CALL project_rename(3, ' FILM ')"
refuses DR400 "1 to 200" "nor_none" "CALL project_rename(3, ' ')"
refuses DR404 "no project 99" "an_unknown_project_is_not_renamed" "CALL project_rename(99, 'x')"
refuses DR412 "project 3 has revision 1, not 7" "nor_one_that_changed" "CALL revision_expect('project', 3, 7); CALL project_rename(3, 'x')"
sql "CALL project_rename(3, 'Other')"
is "$(sql 'CALL project_show(3)')" "3	1	Other	0	2" "a_change_raises_its_revision"
refuses DR409 "1 job belongs to project 1" "a_project_with_jobs_is_not_deleted" "CALL project_delete(1)"
refuses DR404 "no project 99" "nor_an_unknown_one" "CALL project_delete(99)"
refuses DR412 "has revision" "nor_one_that_changed" "CALL revision_expect('project', 3, 1); CALL project_delete(3)"
sql "CALL shot_ensure(3, 'SQ', 'SH'); CALL slave_block_add(1, 'project', 3); CALL project_delete(3)" >/dev/null
refuses DR404 "no project 3" "a_project_goes_with_its_shots" "CALL project_show(3)"
is "$(owner 'SELECT COUNT(*) FROM shot'; sql 'CALL slave_block_list(1)')" 0 "and_its_blocks"
