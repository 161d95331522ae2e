# Grants: what a result earns, what is held, settled, vested and void.

. "$top_srcdir/tests/sql/points_lib.sh"
more_people
job first '[1,2,3,4,5,6,7,8,9,10]' >/dev/null

is "$(verdicts "$(good 1 1 1)")" "accepted:NULL" "a_result_without_a_claim_has_no_points"
is "$(transactions)" "" "and_moves_none"
is "$(verdicts "$(paid 2 2 1 1000 950 1000 1500)")" "accepted:1000" "a_result_with_a_fair_value_earns_its_grant"
is "$(transactions)" "earn 2: mint -1000, pending2 1000
vest 2: pending2 -1000, available2 1000" "and_what_it_earned_vests_at_once_while_there_are_no_audits"
is "$(balances 2)" "1000	0	1000" "balance_and_total_show_it"
is "$(owner 'SELECT claim, fair_value, grant_limit, granted, user_id FROM attempt WHERE id = 2')" "1000	950	1500	1000	2" "the_attempt_keeps_claim_fair_value_bound_and_points"
is "$(owner 'SELECT balance FROM account WHERE id = 1; SELECT SUM(amount) FROM entry WHERE account_id = 1')" "0
-1000" "the_mints_row_is_never_written"
is "$(verdicts "$(paid 2 2 1 1000 950 1000 1500)"; transactions | wc -l | tr -d ' '; balances 2)" "accepted:1000
2
1000	0	1000" "the_same_result_twice_pays_once_and_answers_the_same"
is "$(verdicts "$(paid 3 3 1 500 500 500 600),$(paid 3 3 1 500 500 500 600),$(paid 4 3 2 500 500 500 600)"; balances 2)" \
  "accepted:500 accepted:500 superseded:NULL
1500	0	1500" "of_copies_in_one_batch_one_is_paid"
is "$(verdicts "$(paid 5 4 7 1000 1000 1000 1500)"; balances 1; owner 'SELECT granted FROM attempt WHERE id = 5')" "accepted:0
0	0	0
0" "ones_own_job_earns_nothing"

event() { owner "SELECT message FROM activity WHERE kind = 'grant_capped' ORDER BY id DESC LIMIT 1"; }
is "$(verdicts "$(paid 6 5 1 1000 2000 1200 5000)"; event)" "accepted:1000
A grant of 1200 millipoints for attempt 6 was cut to 1000: claim 1000, fair value 2000, bound 5000" "a_grant_above_its_claim_is_cut_and_recorded"
is "$(verdicts "$(paid 7 6 1 1000 101 1000 5000)"; event)" "accepted:116
A grant of 1000 millipoints for attempt 7 was cut to 116: claim 1000, fair value 101, bound 5000" "a_grant_above_1.15_times_the_fair_value_is_cut"
is "$(verdicts "$(paid 8 7 1 1000 1000 1000 700)"; event)" "accepted:700
A grant of 1000 millipoints for attempt 8 was cut to 700: claim 1000, fair value 1000, bound 700" "a_grant_above_what_the_slave_can_do_is_cut"
is "$(verdicts "$(paid 9 8 1 -5 100 100 100)")" "accepted:NULL" "a_negative_claim_is_none"
is "$(verdicts "$(paid 10 9 1 '"NaN"' 100 100 100),$(paid 11 10 1 99999999999999999999999 100 -100 100)")" \
  "accepted:NULL accepted:0" "a_claim_that_is_no_number_or_too_large_mints_nothing"
is "$(owner "SELECT COUNT(*) FROM activity WHERE kind = 'grant_capped'")" 3 "what_was_not_cut_is_no_event"
is "$(job_column 1 'state, min_claim')" "finished	500" "the_job_knows_the_smallest_claim_of_others"
ledger_is_clean "the_ledger_is_clean_after_grants"

job second '[1,2,3,4,5,6]' >/dev/null
is "$(verdicts "$(paid 21 11 1 1000 0 0 1500),$(paid 22 12 5 900 0 0 1500)"; transactions | grep -c 2[12]:; balances 2)" \
  "accepted:NULL accepted:NULL
0
3316	0	3316" "without_a_fair_value_a_grant_is_held"
is "$(sql 'CALL held_grant_load(0); CALL balance_show(2)' | cut -f 1-7)" "21	11	2	2	1	1000
22	12	2	3	2	900
3316	0	3316	0	1	1000" "held_grants_are_loaded_and_shown"
is "$(verdicts "$(paid 21 11 1 1000 0 0 1500)"; owner 'SELECT COUNT(*) FROM held_grant')" "accepted:NULL
2" "a_held_result_said_again_is_held_once"
is "$(sql "CALL grant_settle('[[21, 11, 990, 950], [77, 11, 5, 5]]')"; balances 2)" "21	990
77	NULL
4306	0	4306" "a_held_grant_is_settled_when_its_fair_value_is_known"
is "$(sql "CALL grant_settle('[[21, 11, 500, 950]]')"; balances 2; owner 'SELECT fair_value FROM attempt WHERE id = 21')" "21	990
4306	0	4306
950" "settling_twice_changes_nothing_and_answers_the_same"
is "$(verdicts "$(paid 21 11 1 1000 0 0 1500)")" accepted:990 "a_settled_result_said_again_has_its_points"
is "$(sql "CALL grant_settle('[[22, 12, 5000, 100]]')"; event)" "22	115
A grant of 5000 millipoints for attempt 22 was cut to 115: claim 900, fair value 100" "a_settled_grant_keeps_to_the_bounds"
verdicts "$(paid 23 13 1 1000 0 0 1500),$(paid 24 14 6 800 0 0 300)" >/dev/null
is "$(sql 'CALL grant_settle_overdue(24, 10)')" 0 "a_young_grant_is_not_overdue"
owner 'UPDATE held_grant SET held_at = TIMESTAMPADD(HOUR, -25, held_at) WHERE attempt_id = 23' >/dev/null
is "$(sql 'CALL grant_settle_overdue(24, 10)'; owner 'SELECT granted, fair_value FROM attempt WHERE id = 23')" "1
800	NULL" "after_a_day_a_grant_is_the_smallest_claim_of_its_job"
is "$(journal '' "$(paid 25 15 1 1200 0 0 1500),$(paid 26 16 5 1100 1000 1100 1500)")" "accepted accepted finished:2" "the_last_results_finish_the_job"
is "$(owner 'SELECT id, granted FROM attempt WHERE id IN (24, 25, 26); SELECT COUNT(*) FROM held_grant')" "24	300
25	800
26	1100
0" "the_end_of_a_job_settles_what_is_held_within_the_bounds"
is "$(verdicts "$(paid 25 15 1 1200 0 0 1500)")" accepted:800 "and_that_is_the_answer_when_it_is_said_again"
refuses DR400 "cannot settle 0 grants" "settling_nothing_is_refused" 'CALL grant_settle_overdue(24, 0)'
refuses DR400 "held for -1 hours" "settling_what_is_to_come_is_refused" 'CALL grant_settle_overdue(-1, 10)'
ledger_is_clean "the_ledger_is_clean_after_held_grants"

job third '[1,2,3]' >/dev/null
verdicts "$(paid 31 17 1 1000 0 0 1500),$(paid 32 18 5 600 0 0 1500)" >/dev/null
sql "CALL job_cancel(3, 'enough')"
is "$(owner 'SELECT id, granted FROM attempt WHERE id IN (31, 32)')" "31	600
32	600" "a_cancelled_job_settles_what_is_held"
sql "CALL job_delete(3)"
ledger_is_clean "a_deleted_job_leaves_its_transactions_and_a_clean_ledger"
is "$(sql 'CALL statement_list(3, 0, 1)' | cut -f 2,4-11)" "vest	-600	600	600	3		2	5	slave 5" "a_statement_says_what_it_was_for_even_when_the_job_is_gone"

sql "CALL setting_change('points.grant_by', 'claim')"
job fourth '[1,2,3]' >/dev/null
is "$(verdicts "$(paid 41 20 1 1000 0 0 1500),$(paid 42 21 1 1000 0 0 900)")" "accepted:1000 accepted:900" \
  "on_a_private_grid_the_claim_is_granted_within_what_the_slave_can_do"
is "$(verdicts "$(paid 43 22 1 1000 500 575 1500)")" "accepted:575" "with_a_fair_value_it_counts_there_too"
sql "CALL setting_change('points.grant_by', 'strangers')"
ledger_is_clean "the_ledger_of_a_private_grid_is_clean"

# Audits decide.
sql "CALL setting_change('vest', 'audited')"
fifth=$(job fifth '[1,2,3,4,5,6,7]')
first=$(job_column "$fifth" first_task_id)
before=$(balances 3)
verdicts "$(paid 51 $first 5 1000 1000 1000 1500),$(paid 52 $((first + 1)) 5 400 400 400 1500),$(paid 53 $((first + 2)) 5 300 300 300 1500)" >/dev/null
is "$(balances 3 | cut -f 1,3; balances 3 | cut -f 2)" "$(echo "$before" | cut -f 1,3)
1700" "with_audits_what_is_earned_is_pending"
last=$(owner 'SELECT MAX(id) + 1 FROM transaction')
is "$(sql "CALL grant_vest('[[51, $first], [51, $first]]')"; transactions "$last")" "51	vested	1000
51	vested	1000
vest 51: pending3 -1000, available3 1000" "an_audit_that_passes_vests"
is "$(sql "CALL grant_vest('[[51, $first]]'); CALL grant_void('[[51, $first]]')"; transactions "$last" | wc -l | tr -d ' ')" "51	vested	1000
51	vested	1000
1" "what_has_vested_stays_vested"
is "$(sql "CALL grant_void('[[52, $((first + 1))]]'); CALL grant_vest('[[52, $((first + 1))]]')"; transactions $((last + 1)))" "52	void	400
52	void	400
void 52: pending3 -400, mint 400" "what_is_void_stays_void"
is "$(sql "CALL grant_void('[[999, 1], [5, 4], [53, $((first + 2))]]')")" "999	unknown	NULL
5	nothing	0
53	void	300" "an_unknown_result_and_one_without_points_have_no_fate"
is "$(balances 3 | cut -f 2)" 0 "nothing_is_pending_then"
verdicts "$(paid 54 $((first + 3)) 5 700 0 0 1500),$(paid 55 $((first + 4)) 5 800 0 0 1500),$(paid 56 $((first + 5)) 5 900 0 0 1500)" >/dev/null
is "$(sql "CALL grant_vest('[[54, $((first + 3))]]'); CALL grant_void('[[55, $((first + 4))], [54, $((first + 3))]]')")" "54	vested	NULL
55	void	NULL
54	vested	NULL" "the_fate_of_a_held_grant_is_remembered"
last=$(owner 'SELECT MAX(id) + 1 FROM transaction')
sql "CALL grant_settle('[[54, $((first + 3)), 700, 700], [55, $((first + 4)), 700, 700], [56, $((first + 5)), 700, 700]]')" >/dev/null
is "$(transactions "$last")" "earn 54: mint -700, pending3 700
earn 55: mint -700, pending3 700
earn 56: mint -700, pending3 700
vest 54: pending3 -700, available3 700
void 55: pending3 -700, mint 700" "and_carried_out_when_it_is_settled"
is "$(balances 3 | cut -f 2)" 700 "what_has_no_fate_yet_stays_pending"
ledger_is_clean "the_ledger_is_clean_after_audits"

# A slave that changes hands takes nothing with it.
owner 'UPDATE slave SET user_id = 4 WHERE id = 5' >/dev/null
is "$(sql "CALL grant_vest('[[56, $((first + 5))]]')"; balances 3 | cut -f 2)" "56	vested	700
0" "what_was_earned_vests_to_who_owned_the_slave_then"
ledger_is_clean "the_ledger_is_clean_after_a_slave_changed_its_owner"
