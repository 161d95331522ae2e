# Webhooks: whose they are, what is put into their outbox, its retries, and when one is disabled.

people
secret=whsec_$(printf 's%.0s' $(seq 44))
url=https://hook.example.org/x
hook() {  # USER TOPICS: prints the id
  sql "CALL webhook_create($1, '$url', '$2', 1, '$secret')"
}
happens() {  # KIND USER [SLAVE] [JOB]
  owner "INSERT INTO activity (created_at, kind, user_id, slave_id, job_id, message) VALUES
    (UTC_TIMESTAMP(3), '$1', $2, ${3:-NULL}, ${4:-NULL}, '$1 of $2')" >/dev/null
}
outbox() {  # [WHERE]
  owner "SELECT webhook_id, event, state, data FROM webhook_delivery WHERE ${1:-1} ORDER BY id"
}
happens job_finished 1 NULL 7
first=$(hook 1 job.finished,slave.offline)
second=$(hook 1 job.finished,notification.created)
is "$(sql 'CALL webhook_list(1, 0)' | cut -f 1-8)" "$first	1	https://hook.example.org/x	job.finished,slave.offline	1		NULL	NULL
$second	1	https://hook.example.org/x	job.finished,notification.created	1		NULL	NULL" "webhooks_are_listed_without_their_secrets"
is "$(sql "CALL webhook_list(2, 0); CALL webhook_list(2, $first)")" "" "those_of_others_are_not"
sql 'CALL notification_enqueue()'
is "$(outbox)" "" "what_happened_before_there_was_a_webhook_is_not_sent"
happens job_finished 1 NULL 7; happens job_paused 1 NULL 7; happens job_finished 2; happens slave_offline 1 1
sql 'CALL notification_enqueue(); CALL notification_enqueue()'
is "$(outbox | tr -d ' ')" "$first	job.finished	waiting	{\"id\":7,\"name\":null,\"state_reason\":null,\"message\":\"job_finishedof1\"}
$second	job.finished	waiting	{\"id\":7,\"name\":null,\"state_reason\":null,\"message\":\"job_finishedof1\"}
$first	slave.offline	waiting	{\"id\":1,\"name\":\"slave1\",\"message\":\"slave_offlineof1\"}" \
  "each_webhook_gets_the_events_of_its_topics_and_its_user_once"
sql "CALL notification_settings_change(1, '[[\"job_done\",\"browser\"]]')"
happens job_failed 1 NULL 7
sql 'CALL notification_enqueue()' >/dev/null
is "$(outbox "event = 'notification.created'" | tr -d ' ' | sed 's/"id":[0-9]*/"id":N/')" \
  "$second	notification.created	waiting	{\"id\":N,\"kind\":\"job_done\",\"message\":\"job_failedof1\",\"job_id\":7,\"slave_id\":null}" \
  "a_notification_for_the_browser_is_an_event"

# Sending.
owner "UPDATE webhook_delivery SET due_at = UTC_TIMESTAMP(3) - INTERVAL id SECOND" >/dev/null
owner "DELETE FROM webhook_delivery WHERE webhook_id = $second" >/dev/null
is "$(sql "CALL webhook_dequeue('[1]')")" "" "users_that_are_passed_over_wait"
is "$(sql "CALL webhook_dequeue('[2]')" | cut -f 2,5-9)" "slave.offline	$first	https://hook.example.org/x	$secret		1" "the_delivery_that_is_due_first_comes_with_where_it_goes"
is "$(sql "CALL webhook_dequeue('[]')" | cut -f 2)" "job.finished" "and_then_the_next"
is "$(sql "CALL webhook_dequeue('[]')")" "" "and_neither_to_anybody_else_meanwhile"
refuses DR400 "no JSON" "users_that_are_no_json_are_refused" "CALL webhook_dequeue('[1,')"
id=$(owner "SELECT id FROM webhook_delivery WHERE event = 'job.finished'")
state() {
  owner "SELECT state, try_count, response_status, problem, ROUND(TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), due_at) / 60) FROM webhook_delivery WHERE id = $id"
}
for try in 1 2 3 4 5 6 7; do
  sql "CALL webhook_delivery_finish($id, '$url', 500, 'no', 0, 0)"
  state | cut -f 1,5
  owner "UPDATE webhook_delivery SET due_at = UTC_TIMESTAMP(3) WHERE id = $id" >/dev/null
  sql "CALL webhook_dequeue('[]')" >/dev/null
done >"$work/tries"
is "$(tr '\t\n' ', ' <"$work/tries")" "waiting,1 waiting,5 waiting,15 waiting,60 waiting,180 waiting,360 given_up,360 " \
  "it_is_tried_again_later_and_later_and_then_given_up"
is "$(state | cut -f 1-4)" "given_up	7	500	no" "and_says_why"
is "$(sql "CALL webhook_list(1, $first)" | cut -f 5,7 | sed 's/20.*Z/then/')" "1	then" "the_webhook_says_since_when_it_fails"
sql "CALL webhook_delivery_finish($id, '$url', 200, '', 0, 0)"
is "$(state | cut -f 1)" given_up "what_has_ended_stays_as_it_is"
sql "CALL webhook_delivery_resend(1, $first, $id)"
is "$(state | cut -f 1-4)" "waiting	0	NULL	" "it_can_be_sent_again_by_hand"
refuses DR409 "in the outbox already" "but_not_while_it_waits" "CALL webhook_delivery_resend(1, $first, $id)"
sql "CALL webhook_dequeue('[]')" >/dev/null
sql "CALL webhook_delivery_finish($id, '$url', 204, '', 0, 0)"
is "$(state | cut -f 1-4); $(sql "CALL webhook_list(1, $first)" | cut -f 7)" "sent	1	204	; NULL" "what_is_taken_is_sent_and_fails_no_more"
is "$(sql "CALL webhook_delivery_list(1, $first, 0, 1)" | cut -f 2-5,8)" "slave.offline	waiting	1	0	$(sql "CALL webhook_delivery_list(1, $first, 0, 1)" | cut -f 8)" \
  "deliveries_are_listed_newest_first"
is "$(sql "CALL webhook_delivery_list(1, $first, 0, 9)" | cut -f 2,8 | tail -1)" "job.finished	NULL" "what_has_ended_is_not_tried_next"
for call in "webhook_delivery_list(2, $first, 0, 1)" "webhook_delivery_resend(2, $first, $id)" "webhook_test(2, $first, 'x')" \
  "webhook_change(2, $first, NULL, NULL, 0)" "webhook_delete(2, $first)" "webhook_rotate(2, $first, '$secret')"; do
  refuses DR404 "no webhook $first" "the_webhook_of_somebody_else_is_not_there_${call%%(*}" "CALL $call"
done
refuses DR404 "no delivery $id" "a_delivery_is_of_one_webhook" "CALL webhook_delivery_resend(1, $second, $id)"

# Secrets.
other=whsec_$(printf 't%.0s' $(seq 44))
sql "CALL webhook_rotate(1, $first, '$other'); CALL webhook_test(1, $first, 'Hello')" >/dev/null
owner "UPDATE webhook_delivery SET due_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR WHERE event <> 'webhook.test'" >/dev/null
is "$(sql "CALL webhook_dequeue('[]')" | cut -f 2,3,7,8 | tr -d ' ')" "webhook.test	{\"message\":\"Hello\"}	$other	$secret" "both_secrets_sign_after_a_rotation"
owner "UPDATE webhook SET previous_secret_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND; UPDATE webhook_delivery SET due_at = UTC_TIMESTAMP(3) WHERE event = 'webhook.test'" >/dev/null
is "$(sql "CALL webhook_dequeue('[]')" | cut -f 7,8)" "$other	" "for_a_day"
for bad in secret whsec_ 'whsec_short' "whsec_$(printf 's%.0s' $(seq 100))" "whsec_$(printf ' %.0s' $(seq 44))"; do
  refuses DR400 "secret of a webhook" "a_secret_that_is_none_is_refused" "CALL webhook_rotate(1, $first, '$bad')"
done

# Disabling.
owner "UPDATE webhook_delivery SET state = 'waiting', ended_at = NULL" >/dev/null
sql "CALL webhook_delivery_finish($id, 'https://before.example.org/x', 410, 'gone', 0, 1)"
is "$(state | cut -f 1); $(sql "CALL webhook_list(1, $first)" | cut -f 5-7)" "waiting; 1		NULL" "an_address_that_was_replaced_disables_nothing"
sql "CALL webhook_delivery_finish($id, '$url', 410, 'gone', 0, 1)"
is "$(sql "CALL webhook_list(1, $first)" | cut -f 5,6); $(outbox "webhook_id = $first AND state = 'waiting'")" "0	gone; " "a_410_disables_the_webhook_and_ends_what_waits"
refuses DR409 "is disabled" "a_disabled_one_gets_no_test" "CALL webhook_test(1, $first, 'x')"
refuses DR409 "is disabled" "and_nothing_again" "CALL webhook_delivery_resend(1, $first, $id)"
happens job_finished 1 NULL 8
sql 'CALL notification_enqueue()' >/dev/null
is "$(outbox "webhook_id = $first AND state = 'waiting'")" "" "and_no_events"
sql "CALL webhook_change(1, $first, NULL, NULL, 1); CALL notification_enqueue()" >/dev/null
is "$(sql "CALL webhook_list(1, $first)" | cut -f 5-7); $(outbox "webhook_id = $first AND state = 'waiting'")" "1		NULL; " "one_that_is_enabled_again_hears_of_what_comes"
happens job_finished 1 NULL 9
sql 'CALL notification_enqueue()' >/dev/null
id=$(owner "SELECT id FROM webhook_delivery WHERE webhook_id = $first AND state = 'waiting'")
owner "UPDATE webhook SET failing_since = UTC_TIMESTAMP(3) - INTERVAL 6 DAY; UPDATE webhook_delivery SET try_count = 3 WHERE id = $id" >/dev/null
sql "CALL webhook_delivery_finish($id, '$url', 0, 'no route', 0, 0)"
is "$(sql "CALL webhook_list(1, $first)" | cut -f 5)" 1 "one_that_fails_for_days_is_tried_to_the_end"
owner "UPDATE webhook_delivery SET try_count = 7 WHERE id = $id" >/dev/null
sql "CALL webhook_delivery_finish($id, '$url', 0, 'no route', 0, 0)"
is "$(sql "CALL webhook_list(1, $first)" | cut -f 5,6)" "0	it took nothing for five days: no route" "and_is_then_disabled"
sql "CALL webhook_change(1, $first, 'https://y', 'job.deleted', NULL)"
is "$(sql "CALL webhook_list(1, $first)" | cut -f 3-5)" "https://y	job.deleted	0" "address_and_topics_can_be_changed"

# Limits.
for bad in "'', 'job.finished'" "REPEAT('x', 1001), 'job.finished'" "'https://x', 'job'" "'https://x', 'job.finished,'" "'https://x', NULL" "NULL, ''"; do
  refuses DR400 "webhook" "a_webhook_that_cannot_be_is_refused" "CALL webhook_create(1, $bad, 1, '$secret')"
done
refuses DR404 "no user 99" "nobody_has_no_webhook" "CALL webhook_create(99, 'https://x', '', 1, '$secret')"
for n in 3 4 5 6 7 8 9 10; do hook 1 job.created >/dev/null; done
refuses DR413 "10 webhooks already" "nobody_has_more_than_ten" "CALL webhook_create(1, 'https://x', '', 1, '$secret')"
refuses DR412 "has revision" "another_revision_is_not_deleted" \
  "CALL revision_expect('webhook', $first, 1); CALL webhook_delete(1, $first)"
owner "DELETE FROM webhook WHERE id > $second" >/dev/null
for n in $(seq 60); do echo "CALL webhook_test(1, $second, 'x');"; done >"$work/tests"
sql "$(cat "$work/tests")" >/dev/null
refuses DR413 "60 tests" "nobody_sends_tests_without_end" "CALL webhook_test(1, $second, 'x')"
owner "DELETE FROM webhook_delivery" >/dev/null
for n in $(seq 620); do echo "(UTC_TIMESTAMP(3), 'job_finished', 1, 'n$n')"; done | paste -sd, >"$work/many"
owner "INSERT INTO activity (created_at, kind, user_id, message) VALUES $(cat "$work/many")" >/dev/null
sql "CALL notification_settings_change(1, '[]'); CALL notification_enqueue()" >/dev/null
is "$(owner "SELECT COUNT(*) FROM webhook_delivery WHERE state = 'waiting'; SELECT COUNT(*) FROM webhook_delivery WHERE problem = 'more than 600 within an hour'" | tr '\n' ' ')" \
  "600 $(owner "SELECT COUNT(*) - 600 FROM webhook_delivery") " "no_webhook_gets_more_than_600_an_hour"
sql "CALL user_block(2, 1, 'x')" >/dev/null
owner "UPDATE user SET blocked_at = UTC_TIMESTAMP(3) WHERE id = 1" >/dev/null
is "$(sql "CALL webhook_dequeue('[]')")" "" "nothing_is_sent_for_who_is_blocked"
owner "UPDATE webhook_delivery SET created_at = UTC_TIMESTAMP() - INTERVAL 31 DAY" >/dev/null
sql 'CALL notification_trim()'
is "$(owner "SELECT COUNT(*) FROM webhook_delivery WHERE state <> 'waiting'")" 0 "old_deliveries_go"
is "$(owner "SELECT COUNT(*) FROM webhook_delivery")" 600 "but_for_those_that_are_tried_again"
owner "UPDATE webhook_delivery SET due_at = UTC_TIMESTAMP() - INTERVAL 25 HOUR" >/dev/null
sql 'CALL notification_trim()'
is "$(owner "SELECT COUNT(*) FROM webhook_delivery")" 0 "what_waits_for_nobody_goes_too"

# Slaves of who has a webhook for it are watched, and a deleted job is an event.
owner "UPDATE user SET blocked_at = NULL WHERE id = 1; DELETE FROM webhook; DELETE FROM activity" >/dev/null
third=$(hook 2 slave.offline,job.deleted)
sql "CALL slave_offline_check('[3]'); CALL slave_offline_check('[]')"
owner 'UPDATE slave_watch SET offline_since = offline_since - INTERVAL 11 MINUTE' >/dev/null
is "$(sql "CALL slave_offline_check('[]'); CALL slave_offline_check('[]'); CALL notification_enqueue()")" "3	2" "a_slave_that_is_offline_is_told_once"
is "$(outbox "webhook_id = $third" | cut -f 2)" slave.offline "to_the_webhook_of_its_owner"
