# The same rows from many connections at once; whatever the order, the sums are right.

people
owner 'DELETE FROM account WHERE user_id IS NOT NULL; DELETE FROM slave; DELETE FROM blob_owner; DELETE FROM user' >/dev/null
together 8 'sql "CALL user_create('"'user\$each'"', '"''"', '"'h'"')"' >/dev/null
is "$(owner "SELECT COUNT(*), SUM(role = 'administrator') FROM user")" "8	1" \
  "of_eight_who_come_at_once_one_is_the_first"
together 8 'sql "CALL user_create('"'same'"', '"''"', '"'h'"')"' >/dev/null
is "$(owner "SELECT COUNT(*) FROM user WHERE name = 'same'")" 1 "of_eight_who_want_a_name_one_gets_it"
is "$(together 8 'sql "CALL attempt_reserve(10)"' | sort -n | uniq | wc -l | tr -d ' ')" 8 \
  "attempt_numbers_asked_for_at_once_differ"

fresh_schema
people
job crowd "[$(seq -s , 1 40)]" >/dev/null
together 8 'retrying "CALL journal_write('"'[]', '[\$(for t in \$(seq 40); do good \$((each * 100 + t)) \$t \$((each % 4 + 1)); test \$t = 40 || printf ,; done)]'"')"' >"$work/verdicts"
is "$(cut -f 3 "$work/verdicts" | sort | uniq -c | awk '{ print $2, $1 }' | grep d | tr '\n' ' ')" "accepted 40 superseded 280 " \
  "of_eight_images_of_each_frame_one_is_accepted"
is "$(job_column 1 'state, accepted_count'; owner "SELECT COUNT(*) FROM attempt; SELECT SUM(frames_accepted) FROM slave;
  SELECT COUNT(*) FROM activity WHERE kind = 'job_finished'")" "finished	40
320
40
1" "and_everything_is_counted_once"

job raced "[$(seq -s , 1 40)]" >/dev/null
first=$(job_column 2 first_task_id)
together 2 'if test $each = 1; then retrying "CALL job_cancel(2, '"'race'"')"; else retrying "CALL journal_write('"'[]', '[\$(for t in \$(seq 40); do good \$((5000 + t)) \$((first + t - 1)) 1; test \$t = 40 || printf ,; done)]'"')"; fi' >/dev/null
is "$(owner "SELECT SUM(state IN ('accepted', 'cancelled')), SUM(state = 'accepted') = (SELECT accepted_count FROM job WHERE id = 2) FROM task WHERE job_id = 2")" \
  "40	1" "a_job_cancelled_while_results_arrive_adds_up"
sql 'CALL job_cancel(2, "")' >/dev/null
together 2 'if test $each = 1; then retrying "CALL job_delete(2)"; else retrying "CALL journal_write('"'[]', '[\$(for t in \$(seq 40); do good \$((6000 + t)) \$((first + t - 1)) 1; test \$t = 40 || printf ,; done)]'"')"; fi' >/dev/null
is "$(owner "SELECT COUNT(*) FROM task WHERE job_id = 2; SELECT COUNT(*) FROM attempt WHERE task_id >= $first")" "0
0" "a_job_deleted_while_results_arrive_leaves_nothing"
