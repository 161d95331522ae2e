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

sql "CALL session_create(1, REPEAT(X'ff', 32), 3600, '127.0.0.1')"
is "$(sql "CALL session_find(REPEAT(X'ff', 32))")" "1	alice	administrator" "a_session_is_found_by_its_hash"
refuses DR404 "log in again" "an_unknown_session_is_not_found" "CALL session_find(REPEAT(X'fe', 32))"
owner "UPDATE session SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND" >/dev/null
refuses DR404 "log in again" "an_expired_session_is_not_found" "CALL session_find(REPEAT(X'ff', 32))"
sql "CALL session_create(1, REPEAT(X'01', 32), 3600, '127.0.0.1')"
is "$(owner 'SELECT COUNT(*) FROM session')" 1 "expired_sessions_are_cleared_when_one_opens"
sql "CALL session_delete(REPEAT(X'01', 32)); CALL session_delete(REPEAT(X'01', 32))"
is "$(owner 'SELECT COUNT(*) FROM session')" 0 "closing_a_session_twice_is_the_same_as_once"
refuses DR400 "32-byte hash" "a_session_needs_a_whole_hash" "CALL session_create(1, 'short', 3600, '')"
refuses DR400 "366 days" "a_session_cannot_last_for_ever" "CALL session_create(1, REPEAT('a', 32), 999999999, '')"
refuses DR404 "no user 99" "a_session_of_nobody_is_refused" "CALL session_create(99, REPEAT('a', 32), 60, '')"

is "$(sql "CALL token_create(2, 'laptop', 'jobs:read jobs:write', REPEAT('t', 32), NULL)")" 1 "a_token_is_made"
is "$(sql "CALL token_find(REPEAT('t', 32))")" "2	bob	user	jobs:read jobs:write	NULL" "a_token_is_found_by_its_hash"
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
