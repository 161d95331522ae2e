# Users, logins, sessions, tokens, events, settings.

is "$(sql "CALL user_create('alice', 'a@example.org', 'hash-a')")" "1	alice	administrator" \
  "the_first_user_is_administrator"
is "$(sql "CALL user_create('bob', '', 'hash-b')")" "2	bob	user" "the_second_user_is_not"
is "$(owner 'SELECT kind, user_id, balance FROM account WHERE user_id IS NOT NULL ORDER BY user_id, id')" "pending	1	0
available	1	0
pending	2	0
available	2	0" "a_user_has_two_accounts_of_points"
refuses DR411 '"Alice" is taken' "a_name_is_taken_whatever_its_case" "CALL user_create('Alice', '', 'x')"
refuses DR400 "cannot be a user's name" "a_name_with_a_space_is_refused" "CALL user_create('al ice', '', 'x')"
refuses DR400 "cannot be a user's name" "an_empty_name_is_refused" "CALL user_create('', '', 'x')"
refuses DR400 "cannot be a user's name" "a_name_of_65_letters_is_refused" "CALL user_create(REPEAT('a', 65), '', 'x')"
refuses DR400 "cannot be a user's name" \
  "a_name_with_a_newline_at_its_end_is_refused" "CALL user_create('eve\n', '', 'x')"
refuses DR400 "254 characters" "an_endless_email_is_refused" "CALL user_create('eve', REPEAT('a', 300), 'x')"
refuses DR400 "needs a password" "a_user_without_password_is_refused" "CALL user_create('eve', '', '')"
is "$(sql "CALL user_create('Zoë', '', 'h')")" "3	Zoë	user" "names_may_use_every_alphabet"

is "$(sql "CALL user_credentials('ALICE')")" "1	alice	administrator	hash-a	0" "credentials_are_found_by_name"
refuses DR404 "no user of this name" "unknown_credentials_are_not_found" "CALL user_credentials('nobody')"
is "$(for i in 1 2 3 4 5 6 7; do sql 'CALL login_record(2, 0)'; done | tr '\n' ' ')" "0 0 0 0 1000 2000 4000 " \
  "wrong_passwords_lock_longer_and_longer"
is "$(sql "CALL user_credentials('bob')" | awk '{ print ($5 > 0 && $5 <= 4000) }')" 1 \
  "a_lock_is_told_with_the_credentials"
owner 'UPDATE user SET failed_logins = 100000 WHERE id = 2' >/dev/null
is "$(sql 'CALL login_record(2, 0)')" 900000 "a_lock_lasts_a_quarter_of_an_hour_at_most"
is "$(sql 'CALL login_record(2, 1)'; sql "CALL user_credentials('bob')" | cut -f 5; sql 'CALL login_record(2, 0)')" "0
0
0" "a_right_password_forgets_the_wrong_ones"
refuses DR404 "no user 99" "a_login_of_nobody_is_refused" "CALL login_record(99, 0)"

sql "CALL session_create(1, REPEAT(X'ff', 32), 3600, '127.0.0.1', '')"
is "$(sql "CALL session_find(REPEAT(X'ff', 32))")" "1	alice	administrator" "a_session_is_found_by_its_hash"
refuses DR404 "log in again" "an_unknown_session_is_not_found" "CALL session_find(REPEAT(X'fe', 32))"
owner "UPDATE session SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND" >/dev/null
refuses DR404 "log in again" "an_expired_session_is_not_found" "CALL session_find(REPEAT(X'ff', 32))"
sql "CALL session_create(1, REPEAT(X'01', 32), 3600, '127.0.0.1', '')"
is "$(owner 'SELECT COUNT(*) FROM session')" 1 "expired_sessions_are_cleared_when_one_opens"
sql "CALL session_delete(REPEAT(X'01', 32)); CALL session_delete(REPEAT(X'01', 32))"
is "$(owner 'SELECT COUNT(*) FROM session')" 0 "closing_a_session_twice_is_the_same_as_once"
refuses DR400 "32-byte hash" "a_session_needs_a_whole_hash" "CALL session_create(1, 'short', 3600, '', '')"
refuses DR400 "366 days" "a_session_cannot_last_for_ever" "CALL session_create(1, REPEAT('a', 32), 999999999, '', '')"
refuses DR404 "no user 99" "a_session_of_nobody_is_refused" "CALL session_create(99, REPEAT('a', 32), 60, '', '')"

sql "CALL session_create(2, REPEAT('k', 32), 3600, '192.0.2.1', REPEAT('x', 900)); CALL session_create(2, REPEAT('l', 32), 3600, '192.0.2.2', 'curl')"
is "$(sql "CALL session_list(2, REPEAT('l', 32))" | cut -f 5-7)" "192.0.2.2	curl	1
192.0.2.1	$(printf 'x%.0s' $(seq 200))	0" "a_user_sees_where_he_is_logged_in"
owner "UPDATE session SET last_seen_at = last_seen_at - INTERVAL 1 HOUR" >/dev/null
sql "CALL session_find(REPEAT('l', 32))" >/dev/null
is "$(owner "SELECT last_seen_at > UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE FROM session ORDER BY id" | tr '\n' ' ')" "0 1 " \
  "the_use_of_a_session_is_recorded"
session=$(sql "CALL session_list(2, '')" | tail -1 | cut -f 1)
refuses DR404 "you have no session $session" "nobody_ends_the_session_of_another" "CALL session_end(1, $session)"
is "$(sql "CALL session_end(2, $session)")" "$(printf 'k%.0s' $(seq 32))" "one_ends_ones_own"
refuses DR404 "you have no session $session" "once" "CALL session_end(2, $session)"
for n in $(seq 10 30); do for m in 1 2 3 4 5; do
  echo "CALL session_create(2, UNHEX(SHA2('$n $m', 256)), 3600, '192.0.2.3', '');"
done; done >"$work/sessions.sql"
sql "$(cat "$work/sessions.sql")"
is "$(sql "CALL session_list(2, '')" | wc -l | tr -d ' ')" 100 "a_user_has_a_hundred_sessions_at_most"
refuses DR404 "log in again" "and_the_oldest_goes" "CALL session_find(REPEAT('l', 32))"
is "$(sql "CALL user_password_change(2, 'hash-2', UNHEX(SHA2('30 5', 256)))" | wc -l | tr -d ' ')" 99 "a_new_password_ends_other_sessions"
is "$(sql "CALL session_list(2, '')" | wc -l | tr -d ' ') $(sql "CALL user_credentials('bob')" | cut -f 4)" "1 hash-2" "but_one"
refuses DR400 "needs a password" "no_password_is_none" "CALL user_password_change(2, '', '')"
refuses DR404 "no user 99" "nobody_has_no_password" "CALL user_password_change(99, 'h', '')"

is "$(sql "CALL token_create(2, 'laptop', 'jobs:read jobs:write', REPEAT('t', 32), NULL)")" 1 "a_token_is_made"
is "$(sql "CALL token_find(REPEAT('t', 32))")" "2	bob	user	jobs:read jobs:write	NULL	NULL" "a_token_is_found_by_its_hash"
is "$(sql 'CALL token_list(2)' | awk -F '\t' '{ print $2, $3, ($5 != "NULL") }')" "laptop jobs:read jobs:write 1" \
  "a_list_of_tokens_tells_their_use"
refuses DR404 "unknown or was deleted" "an_unknown_token_is_not_found" "CALL token_find(REPEAT('u', 32))"
refuses DR411 '"laptop" already' "a_token_name_stands_once" "CALL token_create(2, 'laptop', 'jobs:read', REPEAT('v', 32), NULL)"
refuses DR400 "no scopes" "an_unknown_scope_is_refused" "CALL token_create(2, 'x', 'jobs:read jobs', REPEAT('v', 32), NULL)"
refuses DR400 "no scopes" "no_scope_is_refused" "CALL token_create(2, 'x', '', REPEAT('v', 32), NULL)"
refuses DR400 "1 to 100" "a_token_without_name_is_refused" "CALL token_create(2, ' ', 'jobs:read', REPEAT('v', 32), NULL)"
refuses DR400 "32-byte hash" "a_token_needs_a_whole_hash" "CALL token_create(2, 'x', 'jobs:read', 'v', NULL)"
refuses DR403 "only moderators and administrators" \
  "a_user_cannot_make_a_token_for_the_grid" "CALL token_create(2, 'x', 'jobs:read grid:admin', REPEAT('v', 32), NULL)"
is "$(sql "CALL token_create(1, 'root', 'grid:admin', REPEAT('w', 32), NULL)")" 2 "an_administrator_can"
refuses DR404 "no user 99" "a_token_of_nobody_is_refused" "CALL token_create(99, 'x', 'jobs:read', REPEAT('v', 32), NULL)"
owner "INSERT INTO token (user_id, name, scopes, secret_hash, created_at)
  SELECT 3, seq, 'jobs:read', UNHEX(SHA2(seq, 256)), UTC_TIMESTAMP(3) FROM seq_1_to_100" >/dev/null
refuses DR413 "100 tokens" "a_user_has_a_hundred_tokens_at_most" "CALL token_create(3, 'x', 'jobs:read', REPEAT('v', 32), NULL)"
refuses DR404 "no token 1" "a_user_cannot_delete_the_token_of_another" "CALL token_delete(1, 1)"
for ms in 0 1 -1 "UNIX_TIMESTAMP() * 1000 - 1000" "(UNIX_TIMESTAMP() + 3661 * 86400) * 1000" 9223372036854775807; do
  refuses DR400 "3,660 days" "a_token_cannot_end_at_$ms" "CALL token_create(2, 'x', 'jobs:read', REPEAT('v', 32), $ms)"
done
is "$(sql "CALL token_create(2, 'short', 'jobs:read', REPEAT('s', 32), (UNIX_TIMESTAMP() + 3600) * 1000)" >/dev/null
  sql "CALL token_find(REPEAT('s', 32))" | cut -f 2,5
  sql 'CALL token_list(2)' | awk -F '\t' '{ print $2, ($6 != "NULL") }')" "bob	NULL
short 1
laptop 0" "a_token_may_end"
owner "UPDATE token SET expires_at = '2026-01-05 10:00:00', last_used_at = NULL WHERE name = 'short'" >/dev/null
is "$(sql "CALL token_find(REPEAT('s', 32))" | cut -f 5; owner "SELECT last_used_at FROM token WHERE name = 'short'")" \
  "2026-01-05T10:00:00.000Z
NULL" "one_that_has_ended_says_when_and_is_not_used"
sql "CALL token_delete(2, 1)"
refuses DR404 "unknown or was deleted" "a_deleted_token_opens_nothing" "CALL token_find(REPEAT('t', 32))"

refuses DR404 'no setting "motto"' "a_setting_that_was_never_set_is_not_found" "CALL setting_find('motto')"
sql "CALL setting_change('motto', 'one'); CALL setting_change('motto', 'two')"
is "$(sql "CALL setting_find('motto')")" two "a_setting_keeps_its_latest_value"
refuses DR400 "name of a setting" "a_bad_setting_name_is_refused" "CALL setting_change('Bad Name', '')"
refuses DR400 "4,000" "an_endless_setting_is_refused" "CALL setting_change('motto', REPEAT('x', 4001))"

# Links to set a new password.
links() { owner "SELECT COUNT(*) FROM notification WHERE kind = 'reset' AND state = 'waiting'"; }
owner "UPDATE user SET email = 'bob@example.org', confirmed_email = 'bob@example.org' WHERE id = 2" >/dev/null
sql "CALL password_reset_create('nobody', ''); CALL password_reset_create('', 'no@example.org'); CALL password_reset_create('alice', '')"
is "$(owner 'SELECT COUNT(*), COUNT(user_id) FROM password_reset'; links)" "3	0
0" "whom_nobody_knows_and_who_confirmed_no_address_gets_no_link_and_costs_the_same"
refuses DR404 "holds no more" "and_is_no_link" "CALL password_reset_find(1)"
minutes_pass() { owner "UPDATE password_reset SET created_at = created_at - INTERVAL 11 MINUTE, expires_at = expires_at - INTERVAL 11 MINUTE" >/dev/null; }
sql "CALL password_reset_create('BOB', ''); CALL password_reset_create('', 'Bob@example.org'); CALL password_reset_create('bob', '')"
is "$(links) $(sql "CALL notification_dequeue(9)" | cut -f 3,8,11 | sed 's/[0-9]*$/T/')" "1 reset	bob@example.org	4/T" "who_asks_again_at_once_gets_no_other_link"
is "$(owner "SELECT GROUP_CONCAT(COALESCE(user_id, '-') ORDER BY id) FROM password_reset")" "-,-,-,2,-,-" "and_nothing_shows_that"
minutes_pass
sql "CALL password_reset_create('bob', '')"
is "$(links) $(sql "CALL notification_dequeue(9)" | cut -f 3,8,11 | sed 's/[0-9]*$/T/')" "1 reset	bob@example.org	7/T" "later_another_is_sent"
for n in 1 2 3 4 5 6 7 8; do sql "CALL password_reset_find(4)" >/dev/null; done
owner "INSERT INTO session (secret_hash, user_id, address, created_at, expires_at) VALUES (REPEAT('z', 32), 2, '', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL 1 DAY)" >/dev/null
is "$(sql "CALL password_reset_find(4)" | awk '{ print ($1 > 1600000000000) }')" 1 "no_stranger_ends_a_link_by_trying_or_asking"
refuses DR400 "needs a password" "a_link_sets_a_password" "CALL password_reset_use(4, '')"
is "$(sql "CALL password_reset_use(4, 'hash-3')" | wc -l | tr -d ' ')" "2" "what_failed_used_nothing_up_and_a_used_link_ends_all_sessions"
is "$(sql "CALL user_credentials('bob')" | cut -f 4)" "hash-3" "and_sets_the_password"
refuses DR404 "holds no more" "once" "CALL password_reset_use(4, 'hash-4')"
refuses DR404 "holds no more" "a_used_link_is_not_found" "CALL password_reset_find(4)"
refuses DR404 "holds no more" "nor_is_another" "CALL password_reset_find(7)"
sql "CALL password_reset_create('bob', ''); CALL user_email_change(2, 'other@example.org')"
refuses DR404 "holds no more" "a_link_to_an_address_that_was_given_up_holds_no_more" "CALL password_reset_find(8)"
owner "UPDATE user SET email = confirmed_email WHERE id = 2" >/dev/null
sql "CALL password_reset_create('bob', '')"
is "$(sql "CALL password_reset_find(9)" | wc -l | tr -d ' ')" 1 "a_link_that_was_ended_keeps_none_from_being_sent"
owner "UPDATE password_reset SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE id = 9" >/dev/null
refuses DR404 "holds no more" "a_link_holds_an_hour" "CALL password_reset_find(9)"
refuses DR404 "holds no more" "for_its_use_too" "CALL password_reset_use(9, 'h')"
refuses DR404 "holds no more" "there_is_no_link_of_nobody" "CALL password_reset_use(1, 'h')"
sql "CALL password_reset_create('bob', '')"
minutes_pass
sql "CALL password_reset_create('bob', '')"
is "$(owner 'SELECT COUNT(*) FROM password_reset WHERE user_id = 2')" 5 "nobody_gets_more_than_five_links_a_day"
owner "UPDATE password_reset SET created_at = created_at - INTERVAL 2 DAY" >/dev/null
sql "CALL notification_trim()"
is "$(owner 'SELECT COUNT(*) FROM password_reset')" 0 "old_ones_go"

# Deletion.
sql "CALL user_create('dora', 'dora@example.org', 'h'); CALL session_create(4, REPEAT('d', 32), 3600, '::1', '');
  CALL token_create(4, 'laptop', 'jobs:read', REPEAT('e', 32), NULL); CALL slave_create(4, 'attic', 'keyd', REPEAT('p', 32));
  CALL slave_create(4, 'cellar', 'keyc', REPEAT('p', 32)); CALL slave_state_change(2, 'disabled');
  CALL project_create(4, 'film'); CALL user_email_change(4, 'd@example.org')" >/dev/null
owner "UPDATE user SET confirmed_email = email WHERE id = 4; UPDATE account SET balance = 0 WHERE user_id = 4" >/dev/null
owner "INSERT INTO activity (created_at, kind, user_id, message) VALUES (UTC_TIMESTAMP(3), 'job_created', 4, 'dora submitted film')" >/dev/null
refuses DR403 "last five minutes" "an_account_is_deleted_by_a_fresh_login_alone" "CALL user_delete(4, REPEAT('e', 32))"
owner "UPDATE session SET created_at = created_at - INTERVAL 6 MINUTE WHERE user_id = 4" >/dev/null
refuses DR403 "last five minutes" "not_by_an_old_one" "CALL user_delete(4, REPEAT('d', 32))"
owner "UPDATE session SET created_at = UTC_TIMESTAMP(3) WHERE user_id = 4" >/dev/null
refuses DR412 "has revision" "nor_if_it_changed_meanwhile" "CALL revision_expect('user', 4, 99); CALL user_delete(4, REPEAT('d', 32))"
is "$(sql "CALL user_delete(4, REPEAT('d', 32))" | cut -f 1,2)" "1	1
2	0" "a_deletion_says_which_slaves_and_sessions_ended"
is "$(owner "SELECT name, email, confirmed_email, password_hash, role FROM user WHERE id = 4")" "NULL	NULL	NULL		user" "the_row_stays_without_a_name"
is "$(owner "SELECT state, name, address FROM slave WHERE user_id = 4")" "revoked		
revoked		" "its_slaves_are_revoked"
is "$(owner "SELECT (SELECT COUNT(*) FROM session WHERE user_id = 4) + (SELECT COUNT(*) FROM token WHERE user_id = 4)")" 0 "its_logins_are_gone"
is "$(owner "SELECT COUNT(*) FROM activity WHERE message LIKE '%dora%'")" 0 "and_its_name_from_the_log"
is "$(owner "SELECT COUNT(*) FROM account WHERE user_id = 4")" 2 "its_points_stay"
for call in "user_show(4)" "user_find('dora')" "user_credentials('dora')" "user_email_change(4, '')" "session_create(4, REPEAT('f', 32), 60, '', '')" \
  "user_delete(4, REPEAT('d', 32))" "user_password_change(4, 'h', '')" "user_role_change(1, 4, 'user')" \
  "token_create(4, 'x', 'jobs:read', REPEAT('x', 32), NULL)" "slave_create(4, 'x', 'keyx', REPEAT('p', 32))" "project_create(4, 'x')"; do
  refuses DR404 "no user" "${call%%(*}_knows_no_deleted_account" "CALL $call"
done
# What a request left that came in between.
owner "INSERT INTO session (secret_hash, user_id, address, created_at, expires_at) VALUES (REPEAT('y', 32), 4, '', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL 1 DAY);
  INSERT INTO token (user_id, name, scopes, secret_hash, created_at) VALUES (4, 'x', 'jobs:read', REPEAT('y', 32), UTC_TIMESTAMP(3))" >/dev/null
refuses DR404 "log in again" "a_session_of_a_deleted_account_opens_nothing" "CALL session_find(REPEAT('y', 32))"
refuses DR404 "unknown or was deleted" "nor_does_a_token" "CALL token_find(REPEAT('y', 32))"
is "$(sql "CALL user_list(1, '', '', 0, 10)" | grep -c '^4')" 0 "no_list_has_it"
sql "CALL user_gone_clear()"
is "$(owner 'SELECT COUNT(*) FROM project WHERE user_id = 4')" 0 "its_projects_go"
is "$(sql "CALL user_create('dora', '', 'h')")" "5	dora	user" "its_name_is_free"
refuses DR409 "last administrator" "the_last_administrator_stays" "CALL session_create(1, REPEAT('g', 32), 60, '', ''); CALL user_delete(1, REPEAT('g', 32))"

# Invitations.
refuses DR403 "moderators and administrators invite" "not_everybody_invites" "CALL invitation_create(2, '', 60000, REPEAT('i', 32))"
refuses DR403 "moderators and administrators invite" "nor_does_nobody" "CALL invitation_create(99, '', 60000, REPEAT('i', 32))"
refuses DR400 "a minute to 90 days" "an_invitation_does_not_hold_for_ever" "CALL invitation_create(1, '', 7776000001, REPEAT('i', 32))"
refuses DR400 "100 characters" "its_note_is_short" "CALL invitation_create(1, REPEAT('x', 101), 60000, REPEAT('i', 32))"
refuses DR400 "32-byte hash" "its_hash_is_whole" "CALL invitation_create(1, '', 60000, 'i')"
is "$(sql "CALL invitation_create(1, ' Eve ', 60000, REPEAT('i', 32))")" 1 "a_moderator_or_administrator_invites"
refuses DR403 "not valid any more" "another_secret_invites_nobody" "CALL user_create_invited('eve', '', 'h', REPEAT('j', 32))"
refuses DR411 "is taken" "a_name_that_is_taken_uses_no_invitation_up" "CALL user_create_invited('bob', '', 'h', REPEAT('i', 32))"
is "$(sql "CALL user_create_invited('eve', 'eve@example.org', 'h', REPEAT('i', 32))" | cut -f 2,3)" "eve	user" "who_is_invited_gets_an_account"
refuses DR403 "not valid any more" "an_invitation_works_once" "CALL user_create_invited('eve2', '', 'h', REPEAT('i', 32))"
is "$(sql "CALL invitation_list(0, 0, 0, 10)" | cut -f 1-4,9)" "1	1	alice	Eve	eve" "a_list_of_invitations_tells_who_came"
sql "CALL invitation_create(1, '', 60000, REPEAT('k', 32))" >/dev/null
owner "UPDATE invitation SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE id = 2" >/dev/null
refuses DR403 "not valid any more" "an_invitation_expires" "CALL user_create_invited('late', '', 'h', REPEAT('k', 32))"
sql "CALL invitation_create(1, '', 60000, REPEAT('m', 32))" >/dev/null
owner "UPDATE user SET role = 'user' WHERE id = 1" >/dev/null
refuses DR403 "not valid any more" "who_may_no_longer_invite_has_invited_nobody" "CALL user_create_invited('early', '', 'h', REPEAT('m', 32))"
owner "UPDATE user SET role = 'administrator' WHERE id = 1" >/dev/null
raced=$(together 4 'sql "CALL user_create_invited('"'"'r$each'"'"', '"''"', '"'h'"', REPEAT('"'m'"', 32))"')
is "$(owner "SELECT COUNT(*) FROM user WHERE name LIKE 'r_'")" 1 "four_at_once_make_one_account"
owner "INSERT INTO invitation (secret_hash, user_id, note, created_at, expires_at)
  SELECT UNHEX(SHA2(seq, 256)), 1, '', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL 1 DAY FROM seq_1_to_100" >/dev/null
refuses DR413 "100 open invitations" "nobody_invites_without_end" "CALL invitation_create(1, '', 60000, REPEAT('n', 32))"
sql "CALL invitation_delete(1)"
refuses DR404 "no invitation 1" "an_invitation_goes_once" "CALL invitation_delete(1)"
