# What owners of slaves want of them: blocks and settings.

people
owner "INSERT INTO project (user_id, name, created_at) VALUES (1, 'film', UTC_TIMESTAMP(3))" >/dev/null
somebody=$(owner 'SELECT name FROM user WHERE id = 1')
is "$(sql "CALL slave_block_add(1, 'user', 1); CALL slave_block_add(1, 'user', 1)" | tr '\n' ' ')" "1 0 " "a_block_says_whether_it_is_new"
sql "CALL slave_block_add(1, 'project', 1); CALL slave_block_add(2, 'project', 1)" >/dev/null
is "$(sql 'CALL slave_block_list(1)')" "1	user	1	$somebody
1	project	1	" "blocks_stand_once_and_name_nothing_of_strangers"
owner "UPDATE project SET user_id = 2" >/dev/null
is "$(sql 'CALL slave_block_list(1)' | tail -1)" "1	project	1	film" "ones_own_is_named"
is "$(sql 'CALL slave_block_list(0)' | wc -l | tr -d ' ')" 3 "slave_0_lists_everybodys_blocks"
refuses DR404 "no user 99" "an_unknown_user_cannot_be_blocked" "CALL slave_block_add(1, 'user', 99)"
refuses DR404 "no project 99" "an_unknown_project_cannot_be_blocked" "CALL slave_block_add(1, 'project', 99)"
refuses DR404 "no job 99" "an_unknown_job_cannot_be_blocked" "CALL slave_block_add(1, 'job', 99)"
refuses DR404 "no slave 99" "an_unknown_slave_blocks_nothing" "CALL slave_block_add(99, 'user', 1)"
refuses DR404 "no planet 1" "only_three_things_can_be_blocked" "CALL slave_block_add(1, 'planet', 1)"
sql "CALL slave_block_delete(1, 'user', 1)"
is "$(sql 'CALL slave_block_list(1)' | cut -f 2)" project "a_block_is_taken_back"
is "$(sql "CALL slave_block_delete(1, 'user', 1); CALL slave_block_delete(1, 'planet', 1)")" "" "twice_is_the_same_as_once"
owner "INSERT INTO slave_block SELECT 1, 'job', seq, UTC_TIMESTAMP(3) FROM seq_1_to_999" >/dev/null
refuses DR413 "1,000 blocks already" "a_slave_has_a_thousand_blocks_at_most" "CALL slave_block_add(1, 'user', 1)"
sql "CALL slave_state_change(1, 'revoked')"
is "$(sql 'CALL slave_block_list(0)' | wc -l | tr -d ' ')" 1 "a_revoked_slave_blocks_nothing"

sql "CALL slave_remote_settings_change(2, '{\"threads\":2}')"
is "$(sql "CALL slave_find('key2')" | cut -f 6)" '{"threads":2}' "a_sign_on_finds_the_settings"
is "$(sql 'CALL slave_show(2)' | cut -f 17)" '{"threads":2}' "settings_are_shown"
sql "CALL slave_remote_settings_change(2, '')"
is "$(owner 'SELECT remote_settings FROM slave WHERE id = 2')" "" "settings_are_taken_away"
refuses DR400 "4,000 characters" "endless_settings_are_refused" \
  "CALL slave_remote_settings_change(2, CONCAT('\"', REPEAT('x', 4000), '\"'))"
refuses DR400 "settings are JSON" "settings_that_are_no_json_are_refused" "CALL slave_remote_settings_change(2, '{')"
refuses DR404 "no slave 99" "an_unknown_slave_has_no_settings" "CALL slave_remote_settings_change(99, '')"
