# Requests with an idempotency key, and changes of one revision alone.

people
key="CALL idempotency_begin(1, 'k:1', REPEAT('d', 32))"
make="CALL project_create(1, 'film')"
is "$(sql "$key; $make; CALL idempotency_finish(1, 'k:1', 'sealed'); $key" | tail -n 1)" "sealed	1" \
  "a_key_gives_the_kept_answer_and_what_was_created"
refuses DR422 "another request" "a_key_is_of_one_request" "CALL idempotency_begin(1, 'k:1', REPEAT('e', 32))"
is "$(sql "CALL idempotency_begin(2, 'k:1', REPEAT('e', 32))")" "NULL	0" "a_key_is_of_one_user"
is "$(sql "CALL idempotency_begin(1, 'K:1', REPEAT('e', 32))")" "NULL	0" "a_key_in_other_letters_is_another"
refuses DR400 "1 to 64" "a_key_is_plain" "CALL idempotency_begin(1, 'a b', REPEAT('d', 32))"
refuses DR400 "1 to 64" "a_key_is_not_longer_than_64_characters" "CALL idempotency_begin(1, REPEAT('k', 65), REPEAT('d', 32))"

sql "CALL idempotency_begin(1, 'killed', REPEAT('d', 32)); CALL project_create(1, 'series')" >/dev/null
is "$(sql "CALL idempotency_begin(1, 'killed', REPEAT('d', 32))" | cut -f 2)" "$(owner "SELECT id FROM project WHERE name = 'series'")" \
  "what_a_killed_server_created_is_found_by_its_key"
sql "CALL idempotency_begin(1, 'early', REPEAT('d', 32))" >/dev/null
is "$(sql "CALL idempotency_begin(1, 'early', REPEAT('d', 32))")" "NULL	0" "what_a_killed_server_had_not_created_is_done_again"
sql "CALL idempotency_begin(1, 'failed', REPEAT('d', 32)); CALL idempotency_finish(1, 'failed', NULL)" >/dev/null
is "$(owner "SELECT COUNT(*) FROM idempotent_request WHERE idempotency_key = 'failed'")" 0 "what_failed_leaves_no_key"
is "$(sql "CALL idempotency_begin(1, 'first', REPEAT('d', 32)); CALL idempotency_finish(1, 'first', NULL); CALL project_create(1, 'other');
  CALL idempotency_begin(1, 'first', REPEAT('d', 32))" | tail -n 1)" "NULL	0" "a_finished_request_gets_nothing_that_comes_later"

# Eight at once: one does it, the others are told to wait or get what it made.
each_request() { sql "CALL idempotency_begin(1, 'race', REPEAT('d', 32)); DO SLEEP(0.2); CALL project_create(1, 'raced');
  CALL idempotency_finish(1, 'race', 'done')"; }
together 8 each_request >"$work/race"
is "$(owner "SELECT COUNT(*) FROM project WHERE name = 'raced'")" 1 "of_eight_requests_with_one_key_one_is_done"
is "$(grep -c DR425 "$work/race" | awk '{ print ($1 > 0) }')" 1 "the_others_are_told_that_it_is_being_done"

owner "UPDATE idempotent_request SET created_at = created_at - INTERVAL 25 HOUR WHERE idempotency_key IN ('k:1', 'killed')" >/dev/null
is "$(sql "$key")" "NULL	0" "after_a_day_a_key_is_new"
sql "CALL idempotency_trim()"
is "$(owner "SELECT COUNT(*) FROM idempotent_request WHERE idempotency_key = 'killed'")" 0 "and_kept_answers_are_removed"

# Revisions.
revision() { owner "SELECT revision FROM slave WHERE id = 1"; }
was=$(revision)
sql "CALL revision_expect('slave', 1, $was); CALL slave_rename(1, 'desk')"
is "$(revision)" $((was + 1)) "a_change_raises_the_revision"
refuses DR412 "has revision $((was + 1)), not $was" "another_revision_is_not_changed" "CALL revision_expect('slave', 1, $was); CALL slave_rename(1, 'x')"
refuses DR412 "not $was" "an_expectation_of_a_row_outlasts_changes_of_others" \
  "CALL revision_expect('slave', 1, $was); CALL slave_rename(2, 'x'); CALL slave_rename(1, 'x')"
is "$(sql "CALL revision_expect('slave', 1, 99); CALL slave_rename(2, 'slave 2')")" "" "and_does_not_hinder_them"
for change in "slave_state_change(1, 'disabled')" "slave_password_change(1, REPEAT('q', 32))" "slave_remote_settings_change(1, '')" \
  "job_change($(job one '[1]' | cut -f 1), 'x', NULL)" "job_pause(1, '', 'owner')" "job_resume(1)" "job_approve(1)" "job_requeue(1, 0, FALSE)" \
  "job_cancel(1, '')" "job_delete(1)" "user_block(1, 2, 'why')" "user_unblock(1, 2)" "user_role_change(1, 2, 'moderator')"; do
  kind=${change%%_*}
  refuses DR412 "not 99" "a_stale_${change%%(*}_is_refused" \
    "CALL revision_expect('$kind', $(test "$kind" = user && echo 2 || echo 1), 99); CALL $change"
done
shot=$(sql "CALL shot_ensure($(owner "SELECT id FROM project WHERE name = 'series'"), 'one', 'a')")
refuses DR412 "not 99" "a_stale_shot_change_is_refused" "CALL revision_expect('shot', $shot, 99); CALL shot_change($shot, NULL, 'b', NULL)"
refuses DR412 "not 99" "a_stale_shot_delete_is_refused" "CALL revision_expect('shot', $shot, 99); CALL shot_delete($shot)"
is "$(sql "CALL revision_expect('slave', 1, 99); CALL revision_expect('', 0, 0); CALL slave_rename(1, 'free')")" "" "no_revision_expects_any"
is "$(owner 'SELECT name, state FROM slave WHERE id = 1')" "free	enabled" "what_was_refused_changed_nothing"
