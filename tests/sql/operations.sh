# Long work that somebody asked for: queued once, done in order, begun again after a kill, forgotten a week after its end.

people
create="CALL operation_create"
is "$(sql "$create(1, 'ledger_check', NULL); $create(2, 'job_deletion', 7)" | tr '\n' ' ')" "1 2 " "work_is_queued"
is "$(sql "$create(1, 'ledger_check', NULL)")" 1 "the_same_work_by_the_same_user_is_queued_once"
is "$(sql "$create(2, 'job_deletion', 8); $create(1, 'job_deletion', 7)" | tr '\n' ' ')" "3 4 " \
  "work_on_another_job_or_by_another_user_is_other_work"
is "$(sql "CALL operation_begin()")" "1	ledger_check	0	1" "the_oldest_is_begun_first"
is "$(sql "$create(1, 'ledger_check', NULL)")" 1 "what_is_being_done_is_not_queued_again"
is "$(sql "CALL operation_begin()")" "2	job_deletion	7	1" "then_the_next"
sql "CALL operation_requeue()"
is "$(sql "CALL operation_begin()")" "1	ledger_check	0	2" "what_a_kill_interrupted_is_begun_again_and_counted"
sql "CALL operation_finish(1, '{\"clean\":true}', NULL, NULL); CALL operation_begin(); CALL operation_finish(2, NULL, 'state_conflict', 'no')" >/dev/null
is "$(owner "SELECT state, result, problem_code, problem_detail FROM operation WHERE id <= 2 ORDER BY id")" \
  "succeeded	{\"clean\":true}	NULL	NULL
failed	NULL	state_conflict	no" "an_end_has_a_result_or_a_problem"
sql "CALL operation_finish(2, '{}', NULL, NULL)"
is "$(owner "SELECT state FROM operation WHERE id = 2")" failed "an_end_stays"
is "$(sql "$create(1, 'ledger_check', NULL)")" 5 "after_its_end_work_may_be_asked_for_again"
is "$(sql "CALL operation_show(2)" | cut -f 1-9)" "2	2	job_deletion	failed	7			state_conflict	no" "it_is_shown"
refuses DR404 "no operation 99" "what_is_not_there_is_said" "CALL operation_show(99)"
owner "UPDATE operation SET finished_at = finished_at - INTERVAL 8 DAY WHERE id = 1"
sql "CALL operation_trim()"
is "$(owner "SELECT GROUP_CONCAT(id ORDER BY id) FROM operation")" "2,3,4,5" "it_is_forgotten_a_week_after_its_end"
owner "INSERT INTO operation (user_id, kind, target_id, created_at) SELECT 2, 'job_deletion', seq, UTC_TIMESTAMP(3) FROM seq_1001_to_1199"
refuses DR413 "200 operations" "nobody_queues_more_than_200" "CALL operation_create(2, 'job_deletion', 9)"
