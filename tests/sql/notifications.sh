# Notifications: who wants to be told what, the outbox, its retries, and slaves that are gone.

people
choose() {  # USER CHOICES
  sql "CALL notification_settings_change($1, '$2')"
}
boxes() {  # WHERE
  owner "SELECT user_id, kind, channel, state, message FROM notification WHERE ${1:-1} ORDER BY id"
}
happens() {  # KIND USER [SLAVE] [JOB]: an event; prints its id
  owner "INSERT INTO activity (created_at, kind, user_id, slave_id, job_id, message) VALUES
    (UTC_TIMESTAMP(3), '$1', $2, ${3:-NULL}, ${4:-NULL}, '$1 of $2'); SELECT LAST_INSERT_ID()"
}
is "$(sql 'CALL notification_settings_show(1)')" "alice@example.org	[]	0	0" "no_notification_is_sent_by_default"
happens job_finished 1 >/dev/null
is "$(sql 'CALL notification_enqueue()'; boxes)" "" "and_nothing_is_put_into_the_outbox"
happens job_finished 1 >/dev/null
choose 1 '[["job_done","mail"],["job_done","browser"],["job_paused","mail"],["job_done","mail"]]'
sql "CALL user_email_change(1, 'al@example.org')"
is "$(sql 'CALL notification_settings_show(1)')" \
  "al@example.org	[[\"job_done\", \"mail\"],[\"job_done\", \"browser\"],[\"job_paused\", \"mail\"]]	0	0" \
  "choices_and_address_are_kept"
is "$(sql 'CALL notification_enqueue()')" "" "what_happened_before_somebody_asked_is_not_told"
happens job_finished 1 NULL 7 >/dev/null; happens job_paused 1 >/dev/null; happens job_failed 2 >/dev/null; happens job_created 1 >/dev/null
is "$(sql 'CALL notification_enqueue(); CALL notification_enqueue()' | tr '\n' ' ')" "1 " "each_event_is_told_once_and_the_rows_are_who_has_new_ones_for_a_browser"
is "$(boxes)" "1	job_done	mail	waiting	job_finished of 1
1	job_done	browser	sent	job_finished of 1
1	job_paused	mail	waiting	job_paused of 1" "to_who_asked_by_the_way_that_was_asked_for"
# An event that was numbered before the last gathering and committed after it.
early=$(happens job_finished 1)
owner "UPDATE activity SET id = id + 500 WHERE id = $early" >/dev/null; sql 'CALL notification_enqueue()' >/dev/null
owner "INSERT INTO activity (id, created_at, kind, user_id, message) VALUES ($early, UTC_TIMESTAMP(3), 'job_failed', 1, 'late')" >/dev/null
is "$(sql 'CALL notification_enqueue()'; boxes "message = 'late'" | wc -l | tr -d ' ')" "1
2" "an_event_that_is_committed_late_is_not_passed_over"
owner "DELETE FROM notification WHERE message <> 'job_finished of 1' OR activity_id > $early; UPDATE activity SET created_at = created_at - INTERVAL 2 MINUTE" >/dev/null

owner "UPDATE user SET email = COALESCE(email, 'bob@example.org'), confirmed_email = email" >/dev/null
is "$(sql 'CALL notification_dequeue(10)' | cut -f 2-8,10)" \
  "alice	job_done	mail	job_finished of 1	7	0	al@example.org	0" "what_is_due_is_taken_with_where_it_goes"
is "$(sql 'CALL notification_dequeue(10)')" "" "and_by_nobody_else_meanwhile"
id=$(owner "SELECT id FROM notification WHERE channel = 'mail'")
state() {
  owner "SELECT state, try_count, problem, ROUND(TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), due_at) / 60) FROM notification WHERE id = $id"
}
for try in 1 2 3 4 5 6 7; do
  sql "CALL notification_finish($id, 'no route', 0)"
  state | cut -f 1,4
  owner "UPDATE notification SET due_at = UTC_TIMESTAMP(3) WHERE id = $id" >/dev/null
  sql 'CALL notification_dequeue(10)' >/dev/null
done >"$work/tries"
is "$(tr '\t\n' ', ' <"$work/tries")" "waiting,1 waiting,5 waiting,15 waiting,60 waiting,180 waiting,360 given_up,360 " \
  "it_is_tried_again_later_and_later_and_then_given_up"
is "$(state | cut -f 1-3)" "given_up	7	no route" "and_says_why"
sql "CALL notification_finish($id, '', 0)"
is "$(state | cut -f 1)" given_up "what_has_ended_stays_as_it_is"
owner "UPDATE notification SET state = 'waiting', try_count = 1 WHERE id = $id" >/dev/null
sql "CALL notification_finish($id, '', 0)"
is "$(state | cut -f 1-3)" "sent	1	" "a_sent_one_is_sent"
owner "UPDATE notification SET state = 'waiting', ended_at = NULL WHERE id = $id" >/dev/null
sql "CALL notification_finish($id, 'no such mailbox', 1)"
is "$(state | cut -f 1-3)" "given_up	1	no such mailbox" "a_refusal_for_good_is_not_tried_again"
owner "UPDATE notification SET state = 'waiting', due_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE id = $id" >/dev/null
is "$(sql 'CALL notification_dequeue(10)' | wc -l | tr -d ' ')" 1 "what_was_taken_by_a_server_that_died_comes_back"

# Limits.
for n in $(seq 40); do echo "(UTC_TIMESTAMP(3), 'job_finished', 1, 'n$n')"; done | paste -sd, >"$work/many"
owner "INSERT INTO activity (created_at, kind, user_id, message) VALUES $(cat "$work/many")" >/dev/null
sql 'CALL notification_enqueue()' >/dev/null
is "$(owner "SELECT COUNT(*) FROM notification WHERE channel = 'mail' AND state = 'waiting'; SELECT COUNT(*) FROM notification
  WHERE channel = 'mail' AND problem = 'more than 30 within an hour'; SELECT COUNT(*) FROM notification WHERE channel = 'browser'" | tr '\n' ' ')" \
  "30 11 41 " "nobody_gets_more_than_thirty_mails_an_hour"
owner "INSERT INTO notification (user_id, kind, channel, message, created_at, due_at)
    VALUES (1, 'reset', 'mail', 'A link', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3));
  INSERT INTO activity (created_at, kind, user_id, message) VALUES (UTC_TIMESTAMP(3), 'job_finished', 1, 'one more')" >/dev/null
sql 'CALL notification_enqueue()' >/dev/null
is "$(owner "SELECT state FROM notification WHERE kind = 'reset'; SELECT state FROM notification WHERE message = 'one more' AND channel = 'mail'" |
  tr '\n' ' ')" "waiting given_up " "but_a_link_for_a_lost_password"
for n in $(seq 10); do sql "CALL notification_test(2, 'mail', 'Hello')"; done
refuses DR429 "ten tests" "nobody_sends_tests_without_end" "CALL notification_test(2, 'mail', 'Hello')"
refuses DR400 'no channel "pigeon"' "a_channel_that_is_none_is_refused" "CALL notification_test(1, 'pigeon', 'x')"
refuses DR400 'told "job_done by pigeon"' "a_choice_that_is_none_is_refused" \
  "CALL notification_settings_change(1, '[[\"job_done\",\"pigeon\"]]')"
refuses DR400 "no JSON" "choices_that_are_no_json_are_refused" "CALL notification_settings_change(1, '[')"
refuses DR404 "no user 99" "nobody_has_no_notifications" "CALL notification_settings_show(99)"
is "$(sql 'CALL notification_settings_show(1)' | cut -f 1)" "al@example.org" "a_refused_change_changes_nothing"
sql "CALL user_email_change(1, ''); CALL notification_settings_change(1, '[]')"
is "$(sql 'CALL notification_settings_show(1)' | cut -f 1-2)" "	[]" "everything_can_be_taken_back"

newest=$(owner 'SELECT MAX(id) FROM notification WHERE user_id = 1')
is "$(sql "CALL notification_list(1, '', 0, NULL, 1)" | cut -f 1)" "$newest" "ones_own_are_listed_newest_first"
is "$(sql "CALL notification_list(1, 'browser', 0, $((newest - 4)), 10)" | cut -f 1 | sort -n | head -1 | awk -v n="$newest" '{ print ($1 > n - 4) }')" 1 \
  "or_those_after_the_last_that_was_seen"
owner "UPDATE notification SET created_at = UTC_TIMESTAMP() - INTERVAL 31 DAY" >/dev/null
sql 'CALL notification_trim()'
is "$(owner "SELECT COUNT(*) FROM notification WHERE state <> 'waiting'")" 0 "old_ones_go"

# Points and slaves.
choose 2 '[["points","mail"],["slave_offline","mail"]]'
owner "DELETE FROM notification; UPDATE account SET balance = 5000 WHERE user_id = 1 AND kind = 'available'" >/dev/null
sql "CALL points_give(1, 'bob', 1500, 'k1', 'thanks'); CALL points_give(1, 'bob', 1500, 'k1', 'thanks'); CALL notification_enqueue()" >/dev/null
is "$(boxes)" "2	points	mail	waiting	alice gave you 1.5 points: thanks" "a_gift_is_told_once"
watched() {
  sql "CALL slave_offline_check('$1'); CALL notification_enqueue()" >/dev/null
  boxes "kind = 'slave_offline'" | cut -f 5 | sed 's/since.*//'
}
later() {
  owner 'UPDATE slave_watch SET offline_since = offline_since - INTERVAL 11 MINUTE' >/dev/null
}
is "$(watched '[]'; later; watched '[]')" "" "a_slave_that_was_never_online_is_not_missed"
is "$(watched '[1,2,2,99]'; watched '[2]'; watched '[2]')" "" "one_that_is_gone_a_moment_is_not_missed_yet"
later
is "$(watched '[2]')" "Slave 1 (slave 1) is offline " "after_ten_minutes_its_owner_is_told"
later
is "$(watched '[2]')" "Slave 1 (slave 1) is offline " "once"
watched '[1,2]' >/dev/null; watched '[2]' >/dev/null; later
is "$(watched '[2]' | wc -l | tr -d ' ')" 2 "and_again_after_it_was_back"
sql "CALL slave_state_change(2, 'disabled')"
is "$(watched '[]'; later; watched '[]' | wc -l | tr -d ' ')" "$(watched '[]')
2" "one_that_was_disabled_is_not_missed"
refuses DR400 "no JSON" "slaves_that_are_no_json_are_refused" "CALL slave_offline_check('[1,')"
sql "CALL user_block(1, 2, 'x')" >/dev/null
happens points_given 2 >/dev/null
is "$(sql 'CALL notification_enqueue()'; boxes "message = 'points_given of 2'")" "" "who_is_blocked_is_told_nothing"

# Addresses are written to when they are confirmed.
sql "CALL user_unblock(1, 2); CALL user_email_change(1, 'new@example.org')" >/dev/null
owner "DELETE FROM notification; INSERT INTO notification (user_id, kind, channel, message, created_at, due_at)
  VALUES (1, 'points', 'mail', 'x', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))" >/dev/null
is "$(sql 'CALL notification_dequeue(10)' | cut -f 3,8)" "points	" "another_address_than_the_confirmed_one_gets_no_news"
refuses DR409 "no confirmed e-mail address" "and_no_test" "CALL notification_test(1, 'mail', 'Hello')"
refuses DR400 "8 digits" "a_code_that_is_none_is_refused" "CALL email_code_create(1, '1234567a')"
refuses DR404 "no user 99" "nobody_gets_no_code" "CALL email_code_create(99, '12345678')"
refuses DR409 "have another one sent" "a_code_that_was_not_sent_confirms_nothing" "CALL email_code_confirm(1, '12345678')"
sql "CALL email_code_create(1, '12345678')"
is "$(sql 'CALL notification_dequeue(10)' | cut -f 3,5,8,11)" \
  "confirm	The code that confirms new@example.org	new@example.org	12345678" "a_code_goes_to_the_address_that_is_not_confirmed"
is "$(sql "CALL notification_list(1, '', 0, NULL, 9)" | grep -c 12345678)" 0 "and_is_not_in_the_list"
refuses DR400 "4 tries are left" "a_wrong_code_is_refused" "CALL email_code_confirm(1, '00000000')"
refuses DR409 "have another one sent" "it_is_the_code_of_its_user_alone" "CALL email_code_confirm(2, '12345678')"
for n in 3 2 '1 try'; do refuses DR400 "$n" "and_so_is_the_next" "CALL email_code_confirm(1, '')"; done
refuses DR400 "there were five tries" "the_fifth_wrong_one_ends_it" "CALL email_code_confirm(1, '00000000')"
refuses DR409 "have another one sent" "and_then_the_right_one_is_too_late" "CALL email_code_confirm(1, '12345678')"
sql "CALL email_code_create(1, '23456789')"
owner "UPDATE email_code SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND" >/dev/null
refuses DR409 "have another one sent" "a_code_holds_two_hours" "CALL email_code_confirm(1, '23456789')"
sql "CALL email_code_create(1, '34567890')"
sql "CALL user_email_change(1, 'other@example.org')"
refuses DR409 "have another one sent" "a_code_is_for_the_address_that_it_was_sent_to" "CALL email_code_confirm(1, '34567890')"
sql "CALL user_email_change(2, 'new@example.org')"
refuses DR429 "enough codes were sent to new@example.org" "nobody_has_a_stranger_flooded" "CALL email_code_create(2, '45678901')"
sql "CALL email_code_create(1, '45678901'); CALL email_code_confirm(1, '45678901')"
is "$(sql 'CALL notification_settings_show(1)' | cut -f 1,4)" "other@example.org	1" "the_right_code_confirms_the_address"
refuses DR409 "is confirmed already" "which_needs_no_other_code" "CALL email_code_create(1, '45678901')"
sql "CALL user_email_change(1, 'Other@example.org')"
is "$(sql 'CALL notification_settings_show(1)' | cut -f 4)" 0 "another_letter_is_another_address"
for n in 1 2; do
  sql "CALL user_email_change(1, 'n$n@example.org'); CALL email_code_create(1, '45678901')"
done
sql "CALL user_email_change(1, 'last@example.org')"
refuses DR429 "enough codes" "nobody_tries_one_stranger_after_the_other" "CALL email_code_create(1, '45678901')"
owner "UPDATE email_code_sent SET created_at = created_at - INTERVAL 2 DAY" >/dev/null
sql "CALL email_code_create(1, '45678901'); CALL notification_trim()"
is "$(owner 'SELECT COUNT(*) FROM email_code_sent; SELECT COUNT(*) FROM email_code' | tr '\n' ' ')" "1 1 " "what_holds_no_more_goes"
