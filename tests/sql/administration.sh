# What administrators do: accounts, settings, events, methods, the size of the database.

people
sql "CALL user_create('carol', 'carol@example.org', 'hash-c')" >/dev/null
for call in "user_list(2, '', '', 0, 10)" "user_role_change(2, 2, 'administrator')" "user_block(2, 3, 'x')" \
  "user_unblock(2, 3)" "setting_override(2, '[[\"registration\",\"false\"]]')" "activity_list(2, '', 0, 10)" "method_list(2)" \
  "database_health(2)" "user_list(99, '', '', 0, 10)" "setting_override(0, '[[\"points.grant_by\",\"claim\"]]')"; do
  refuses DR403 "for administrators" "${call%%(*}_is_for_administrators_(${call#*(}" "CALL $call"
done

is "$(sql "CALL user_list(1, '', '', 0, 10)" | cut -f 1-4,8,9)" "3	carol	carol@example.org	user	0	0
2	bob		user	0	4
1	alice	alice@example.org	administrator	0	0" "accounts_are_listed_newest_first"
is "$(sql "CALL user_list(1, '', '', 3, 1)" | cut -f 2)" bob "by_key"
is "$(sql "CALL user_list(1, 'CAROL@', '', 0, 10)" | cut -f 2)" carol "they_are_found_by_name_or_address"
is "$(sql "CALL user_list(1, '%', '', 0, 10)")" "" "a_search_knows_no_wildcards"
is "$(sql "CALL user_list(1, '', 'staff', 0, 10)" | cut -f 2)" alice "or_by_what_they_may_do"
refuses DR400 'no kind of account "all"' "an_unknown_kind_of_account_is_refused" "CALL user_list(1, '', 'all', 0, 10)"

refuses DR409 "last administrator" "the_last_administrator_keeps_the_role" "CALL user_role_change(1, 1, 'user')"
refuses DR400 'no role "king"' "an_unknown_role_is_refused" "CALL user_role_change(1, 2, 'king')"
refuses DR404 "no user 99" "a_role_of_nobody_is_refused" "CALL user_role_change(1, 99, 'user')"
sql "CALL user_role_change(1, 2, 'administrator'); CALL user_role_change(2, 1, 'moderator'); CALL user_role_change(2, 1, 'moderator')"
is "$(owner 'SELECT role FROM user WHERE id IN (1, 2) ORDER BY id' | tr '\n' ' ')" "moderator administrator " \
  "one_administrator_may_follow_another"
is "$(owner "SELECT message FROM activity WHERE kind = 'user_role' ORDER BY id")" "bob is administrator now, was user; by alice
alice is moderator now, was administrator; by bob" "each_change_of_a_role_is_an_event_once"
sql "CALL user_role_change(2, 1, 'administrator')"
raced=$(together 2 'sql "CALL user_role_change($each, 3 - $each, '"'user'"')"')
is "$(owner "SELECT COUNT(*) FROM user WHERE role = 'administrator'")" 1 "two_administrators_cannot_depose_each_other_at_once"
owner "UPDATE user SET role = IF(id = 1, 'administrator', 'user')" >/dev/null

# Blocking.
sql "CALL session_create(2, REPEAT('s', 32), 3600, '192.0.2.1', ''); CALL session_create(2, REPEAT('r', 32), 3600, '192.0.2.1', '')"
sql "CALL token_create(2, 'laptop', 'jobs:read', REPEAT('t', 32), NULL)" >/dev/null
owner "INSERT INTO blob_owner (user_id, blob_id) VALUES (2, 1)" >/dev/null
bobs() {
  job "$@" >/dev/null
  owner 'UPDATE job SET user_id = 2 ORDER BY id DESC LIMIT 1' >/dev/null
}
bobs running '[1]'; bobs held '[1]' 1; job alices '[1]' >/dev/null
refuses DR400 "needs a reason" "a_block_needs_a_reason" "CALL user_block(1, 2, ' ')"
refuses DR409 "nobody can block himself" "nobody_blocks_himself" "CALL user_block(1, 1, 'oops')"
refuses DR404 "no user 99" "nobody_cannot_be_blocked" "CALL user_block(1, 99, 'x')"
sql "CALL slave_state_change(3, 'disabled'); CALL slave_state_change(4, 'revoked')"
is "$(sql "CALL user_block(1, 2, ' mines coins ')")" "1	1
2	1
2	2" "a_block_says_which_jobs_were_paused_and_which_slaves_are_to_go"
is "$(owner 'SELECT state, state_reason FROM job ORDER BY id')" "paused	paused: its owner is blocked
paused	
active	" "his_active_jobs_are_paused_and_nobody_elses"
refuses DR404 "log in again" "his_sessions_end" "CALL session_find(REPEAT('s', 32))"
refuses DR403 "blocked: mines coins" "he_cannot_open_another" "CALL session_create(2, REPEAT('u', 32), 3600, '', '')"
refuses DR403 "blocked: mines coins" "his_tokens_open_nothing" "CALL token_find(REPEAT('t', 32))"
owner "INSERT INTO session (secret_hash, user_id, address, created_at, expires_at)
  VALUES (REPEAT('x', 32), 2, '', UTC_TIMESTAMP(), UTC_TIMESTAMP() + INTERVAL 1 DAY)" >/dev/null
refuses DR403 "blocked: mines coins" "nor_would_a_session_that_was_left" "CALL session_find(REPEAT('x', 32))"
is "$(sql "CALL slave_find('key1')" | cut -f 1,5,7)" "1	enabled	1" "his_slaves_are_known_for_what_they_are"
is "$(sql "CALL user_list(1, '', 'blocked', 0, 10)" | cut -f 2,7)" "bob	mines coins" "he_is_listed_with_the_reason"
refuses DR409 "unblock it first" "a_blocked_account_gets_no_role" "CALL user_role_change(1, 2, 'moderator')"
is "$(sql "CALL user_block(1, 2, 'again')")" "2	1
2	2" "blocked_again_nothing_more_is_paused"
sql "CALL user_unblock(1, 2); CALL user_unblock(1, 2)"
is "$(sql "CALL token_find(REPEAT('t', 32))" | cut -f 2)" bob "once_let_in_again_his_token_opens"
is "$(sql "CALL slave_find('key1')" | cut -f 7)" 0 "and_his_slaves_come_in"
is "$(owner "SELECT kind, message FROM activity WHERE kind LIKE 'user%block%' ORDER BY id")" "user_blocked	bob was blocked by alice: mines coins
user_blocked	bob was blocked by alice: again
user_unblocked	bob was let in again by alice" "all_of_it_is_in_the_events"
owner "UPDATE user SET role = 'administrator' WHERE id = 3" >/dev/null
refuses DR409 "take the role away first" "an_administrator_is_not_blocked_but_deposed" "CALL user_block(1, 3, 'coup')"

# Settings.
sql "CALL setting_override(1, '[[\"registration\",\"false\"]]'); CALL setting_override(1, '[[\"registration\",\"false\"],[\"name\",\"Attic\"]]')"
is "$(sql 'CALL setting_list()' | grep -v procedures | cut -f 1,2)" "name	Attic
registration	false" "settings_are_listed"
sql "CALL setting_override(1, '[[\"registration\",null]]'); CALL setting_override(1, '[[\"registration\",null]]')"
is "$(sql 'CALL setting_list()' | grep -c registration)" 0 "a_setting_can_be_taken_back"
is "$(owner "SELECT message FROM activity WHERE kind = 'setting_changed' ORDER BY id")" \
  'alice set registration to "false", it was what the file says
alice set name to "Attic", it was what the file says
alice set registration to what the file says, it was "false"' "each_change_of_a_setting_is_an_event"
refuses DR400 "name of a setting" "a_bad_name_of_a_setting_is_refused" "CALL setting_override(1, '[[\"Bad Name\",\"\"]]')"
refuses DR400 "4,000" "an_endless_value_is_refused" "CALL setting_override(1, CONCAT('[[\"name\",\"', REPEAT('x', 4001), '\"]]'))"

# Events.
sql "CALL session_create(1, REPEAT('a', 32), 3600, '192.0.2.7', '')"
is "$(sql "CALL activity_list(1, 'admin_login', 0, 10)" | cut -f 3-5,10)" "admin_login	1	alice	alice logged in from 192.0.2.7" \
  "the_login_of_an_administrator_is_an_event"
is "$(sql "CALL activity_list(1, 'user_created', 0, 2)" | cut -f 10 | tr '\n' ' ')" "carol joined bob joined " "events_are_listed_by_kind"
last=$(sql "CALL activity_list(1, '', 0, 1)" | cut -f 1)
is "$(sql "CALL activity_list(1, '', $last, 1)" | cut -f 1)" $((last - 1)) "and_by_key"
for try in 1 2 3 4 5 6; do sql 'CALL login_record(3, 0)' >/dev/null; done
is "$(sql "CALL activity_list(1, 'login_locked', 0, 10)" | cut -f 10)" "carol was locked after 5 wrong passwords" \
  "a_locked_login_is_an_event"
sql "CALL activity_trim(5); CALL activity_trim(5)"
is "$(owner 'SELECT COUNT(*), MAX(id) FROM activity')" "5	$((last + 1))" "only_the_newest_events_are_kept"

# Methods and the database.
sql "CALL slave_hello(1, '', '', 4, 0, '[[\"blender\",\"3.4\"]]', '', ''); CALL slave_hello(2, '', '', 4, 0, '[[\"blender\",\"3.4\"]]', '', '');
  CALL slave_hello(4, '', '', 4, 0, '[[\"blender\",\"2.7\"]]', '', ''); CALL method_ensure('povray')"
owner "UPDATE slave SET last_seen_at = UTC_TIMESTAMP() - INTERVAL 3 DAY WHERE id = 2;
  UPDATE slave_method SET power = 1500 WHERE slave_id = 1" >/dev/null
is "$(sql 'CALL method_list(1)')" "blender	3.4	2	1	1500
povray		0	0	0" "methods_and_their_versions_on_slaves_are_counted"
is "$(sql 'CALL database_health(1)' | awk -F '\t' '{ tables++; bytes += $3 } END { print (tables > 20 && bytes > 100000) }')" 1 \
  "the_size_of_each_table_is_told"

sql "CALL setting_override(1, '[[\"name\",\"Cellar\"],[\"Bad Name\",\"\"]]')" >/dev/null
is "$(sql 'CALL setting_list()' | grep '^name' | cut -f 2)" Attic "settings_are_changed_together_or_not_at_all"
