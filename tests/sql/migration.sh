# A grid at schema version 10 is migrated: 0011 renames tables and columns and keeps every value.

# OLD TABLE|ITS COLUMNS|NEW TABLE|THEIR NEW NAMES; an empty field is the same as before
renamed='user|wrong_passwords, email_confirmed||failed_logins, confirmed_email
mail_code|user_id, email, code, tries, expires_at|email_code|user_id, email, code, try_count, expires_at
mail_code_sent|id, user_id, email, created_at|email_code_sent|
slave|cpu, settings||cpu_model, remote_settings
slave_block|slave_id, kind, target||slave_id, kind, target_id
slave_watch|slave_id, missing_since, told||slave_id, offline_since, notified
slave_hour|slave_id, hour_at, samples, rendering, load_mean, load_max, cpu_mean, cpu_max, memory_mean, memory_max, temperature_mean, temperature_max, disk_least|slave_telemetry_hour|slave_id, starts_at, sample_count, rendering_count, mean_load, max_load, mean_cpu_percent, max_cpu_percent, mean_memory_used_mib, max_memory_used_mib, mean_temperature_c, max_temperature_c, min_disk_free_mib
`blob`|id, size, wanted_at||id, size_bytes, last_used_at
job|id, reason, source, version, first_task, tasks, accepted, failed, tiles, after_job, submission, least_claim, waits_since, held||id, state_reason, main_file, min_version, first_task_id, task_count, accepted_count, failed_count, tiles_per_frame, depends_on_job_id, submission_id, min_claim, waiting_since, needs_approval
task|id, failures||id, failure_count
attempt|id, ending, memory_mib, output, output_size, reason, claim, fair, points, bound||id, outcome, peak_memory_mib, output_name, output_size_bytes, failure_reason, claim, fair_value, granted, grant_limit
held_grant|attempt_id, fate||attempt_id, audit_outcome
account|id, balance, total||id, balance, total_points
event|id, created_at, kind, user_id, slave_id, job_id, message|activity|
notification|id, event_id, attempts||id, activity_id, try_count
statistic_hour|*||
statistic_day|*||
shot|id, state||
transaction|*||
entry|*||'

values() {  # before or after: every value, table by table
  number=0
  printf '%s\n' "$renamed" | while IFS='|' read -r old old_columns new new_columns; do
    number=$((number + 1))
    if test "$1" = after; then old=${new:-$old} old_columns=${new_columns:-$old_columns}; fi
    owner "SELECT $number, t.* FROM (SELECT $old_columns FROM $old) t"
  done
}

# A migration is interrupted after each of its statements, and run again from the first; what it says is left in `said`.
interrupted() {
  sed 's/--.*//' "$top_srcdir"/sql/migrations/*_"$1".sql |
    awk -v RS=';' -v to="$work/statement" 'NF { printf "%s;", $0 >sprintf("%s.%02d", to, ++n) }'
  : >"$work/interrupted"
  said=
  for statement in "$work"/statement.*; do
    cat "$statement" >>"$work/interrupted"
    said=$said$(mariadb_owner distren <"$work/interrupted" 2>&1)
  done
  rm -f "$work"/statement.*
}

at_version 10
mariadb_owner distren <"$top_srcdir/tests/support/schema_0010.sql"
owner 'CREATE PROCEDURE points_take_held() SELECT 1' >/dev/null
mariadb_owner -e "CREATE USER IF NOT EXISTS distren@localhost; GRANT EXECUTE ON PROCEDURE distren.points_take_held TO distren@localhost"
values before >"$work/before"
is "$(cut -f 1 "$work/before" | uniq | tr '\n' ' ')" "$(seq -s ' ' "$(printf '%s\n' "$renamed" | wc -l)") " \
  "every_table_has_rows_before"

interrupted words
is "$said" "" "it_can_be_interrupted_after_each_statement"
is "$(migrate | tail -1)" "The database has schema version $(ls "$top_srcdir"/sql/migrations/*.sql | wc -l | tr -d ' ')." "and_is_then_completed"
values after >"$work/after"
is "$(diff "$work/before" "$work/after")" "" "every_value_is_carried_over"
is "$(owner "SELECT next_value FROM counter WHERE name = 'notification'; SELECT COUNT(*) FROM counter WHERE name = 'notified_event'")" "11
0" "activity_is_notified_from_where_it_was"
is "$(owner "SELECT GROUP_CONCAT(table_name) FROM information_schema.tables WHERE table_schema = 'distren'
  AND table_name IN ('event', 'mail_code', 'mail_code_sent', 'slave_hour')")" NULL "no_table_keeps_its_old_name"
is "$(owner "SELECT GROUP_CONCAT(index_name) FROM information_schema.statistics WHERE table_schema = 'distren'
  AND (index_name LIKE 'event%' OR index_name LIKE 'mail_code%' OR index_name LIKE '%hour_at' OR index_name LIKE '%wanted%'
    OR index_name LIKE '%event_unique')")" NULL "no_index_keeps_its_old_name"
is "$(owner "SELECT GROUP_CONCAT(constraint_name ORDER BY constraint_name) FROM information_schema.table_constraints WHERE table_schema = 'distren'
  AND table_name IN ('email_code', 'slave_telemetry_hour', 'blob') AND constraint_type IN ('FOREIGN KEY', 'CHECK')")" \
  "blob_size_bytes_check,email_code_user_fk,slave_telemetry_hour_slave_fk" "keys_and_checks_are_those_of_the_new_names"
is "$(owner "UPDATE job SET failed_count = 3 WHERE id = 1" | grep -c job_counts_check)" 1 "the_counts_of_a_job_are_still_checked"
is "$(owner "UPDATE job SET tiles_per_frame = 0 WHERE id = 1" | grep -c job_tiles_per_frame_check)" 1 "and_so_are_its_tiles"
is "$(owner "SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = 'distren' AND routine_name = 'points_take_held'
  UNION ALL SELECT COUNT(*) FROM mysql.procs_priv WHERE routine_name = 'points_take_held'")" "0
0" "an_old_procedure_goes_with_the_right_to_execute_it"
is "$(owner 'CALL ledger_check()' | awk -F '\t' '$2 != 1')" "" "the_ledger_balances"
owner 'CALL grant_settle_overdue(24, 10)' >/dev/null
is "$(owner 'SELECT granted FROM attempt WHERE id = 2; SELECT balance, total_points FROM account WHERE id = 5; CALL ledger_check()' |
  awk -F '\t' 'NR < 3 || $2 != 1')" "600
1550	1550" "a_grant_that_was_held_is_settled_by_what_was_carried_over"

# Settings that owners of slaves requested.
at_version 12
owner "INSERT INTO user (id, name, password_hash, created_at) VALUES (90, 'owner', '', UTC_TIMESTAMP(3));
  INSERT INTO slave (id, user_id, name, slavekey, password_hash, created_at, remote_settings) VALUES
    (91, 90, 'a', 'key91', REPEAT('p', 32), UTC_TIMESTAMP(3), '{\"threads\":2,\"memory\":4000,\"minutes_per_frame\":30}'),
    (92, 90, 'b', 'key92', REPEAT('p', 32), UTC_TIMESTAMP(3), '{\"paused\":true}'),
    (93, 90, 'c', 'key93', REPEAT('p', 32), UTC_TIMESTAMP(3), '')"
migrate >/dev/null
is "$(owner 'SELECT JSON_VALUE(remote_settings, "$.memory_mib"), JSON_VALUE(remote_settings, "$.max_frame_ms"),
    JSON_VALUE(remote_settings, "$.threads"), JSON_LENGTH(remote_settings) FROM slave WHERE id = 91;
  SELECT remote_settings FROM slave WHERE id = 92; SELECT remote_settings FROM slave WHERE id = 93')" \
  "4000	1800000	2	3
{\"paused\":true}" "remote_settings_get_the_names_and_units_of_today"

# Scopes of API tokens.
at_version 13
owner "INSERT INTO user (id, name, password_hash, created_at) VALUES (90, 'owner', '', UTC_TIMESTAMP(3));
  INSERT INTO token (id, user_id, name, scopes, secret_hash, created_at) VALUES
    (1, 90, 'r', 'read', REPEAT('1', 32), UTC_TIMESTAMP(3)), (2, 90, 's', 'submit', REPEAT('2', 32), UTC_TIMESTAMP(3)),
    (3, 90, 'l', 'slaves', REPEAT('3', 32), UTC_TIMESTAMP(3)), (4, 90, 'a', 'admin', REPEAT('4', 32), UTC_TIMESTAMP(3)),
    (5, 90, 'all', 'read,submit,slaves,admin', REPEAT('5', 32), UTC_TIMESTAMP(3))"
interrupted access
is "$said" "" "it_can_be_interrupted_after_each_statement_too"
migrate >/dev/null
is "$(owner 'SELECT scopes FROM token ORDER BY id')" \
  "jobs:read,slaves:read,points:read,account:read
jobs:write,files:write,points:write
slaves:write
account:read,account:write,grid:admin
jobs:read,jobs:write,files:write,slaves:read,slaves:write,points:read,points:write,account:read,account:write,grid:admin" \
  "an_api_token_may_do_what_it_might_before"

# The webhook that a user had.
at_version 13
owner "INSERT INTO user (id, name, password_hash, created_at) VALUES (90, 'owner', '', UTC_TIMESTAMP(3)), (91, 'none', '', UTC_TIMESTAMP(3));
  INSERT INTO notification_target VALUES (90, 'https://hook.example.org/x', REPEAT('s', 64)), (91, '', '');
  INSERT INTO notification_choice VALUES (90, 'job_done', 'webhook', UTC_TIMESTAMP(3)), (90, 'points', 'webhook', UTC_TIMESTAMP(3)),
    (90, 'points', 'mail', UTC_TIMESTAMP(3));
  INSERT INTO activity (id, created_at, kind, user_id, job_id, message) VALUES (5, '2026-01-06', 'job_failed', 90, 7, 'a message');
  INSERT INTO notification (id, user_id, kind, channel, activity_id, job_id, message, try_count, created_at, due_at) VALUES
    (1, 90, 'job_done', 'webhook', 5, 7, 'a message', 2, '2026-01-06', '2026-01-07'),
    (2, 90, 'test', 'webhook', NULL, NULL, 'a test', 2, '2026-01-06', '2026-01-07'),
    (3, 90, 'points', 'mail', NULL, NULL, 'a mail', 2, '2026-01-06', '2026-01-07')"
interrupted webhooks
is "$said" "" "webhooks_can_be_interrupted_after_each_statement"
migrate >/dev/null
is "$(owner 'SELECT user_id, url, topics, FROM_BASE64(SUBSTRING(secret, 7)) = REPEAT("s", 64), is_enabled, revision FROM webhook')" \
  "90	https://hook.example.org/x	job.finished,job.failed,points.changed	1	1	1" "a_webhook_is_a_row_with_the_same_key_and_topics_for_its_choices"
is "$(owner 'SELECT event, state, try_count, data FROM webhook_delivery' | tr -d ' ')" \
  'job.failed	waiting	2	{"id":7,"name":null,"state_reason":null,"message":"amessage"}' "what_waited_for_it_still_waits"
is "$(owner 'SELECT id FROM notification; SELECT channel FROM notification_choice')" "3
mail" "mails_stay_as_they_were"

# The power that a slave had with a graphics card belongs to that device.
at_version 18
owner "INSERT INTO user (id, name, password_hash, created_at) VALUES (90, 'owner', '', UTC_TIMESTAMP(3));
  INSERT INTO render_method VALUES (1, 'blender', UTC_TIMESTAMP(3));
  INSERT INTO slave (id, user_id, name, slavekey, password_hash, created_at) VALUES (1, 90, 'a', 'k', REPEAT('p', 32), UTC_TIMESTAMP(3));
  INSERT INTO slave_method VALUES (1, 1, '3.4.1', 900, 950, '2026-01-02'), (1, 1, '3.4.1+optix-1a2b', 9000, 9100, '2026-01-03')"
interrupted renderers
is "$said" "" "renderers_can_be_interrupted_after_each_statement"
migrate >/dev/null
is "$(owner 'SELECT version, HEX(build), device, power, is_fetched FROM slave_method ORDER BY device')" "3.4.1			950	1
3.4.1		optix-1a2b	9100	1" "the_device_of_a_power_stands_apart_from_its_version"
