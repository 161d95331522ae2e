# Spending: boosts, payouts, refunds, gifts, adjustments, statements and the ranking.

. "$top_srcdir/tests/sql/points_lib.sh"
more_people
job first '[1,2,3,4]' >/dev/null
points_to alice 100000
points_to bob 5000

is "$(balances 1; owner "SELECT kind, user_id, message FROM activity WHERE kind = 'points_adjusted' AND user_id = 1")" "100000	0	100000
points_adjusted	1	100 points were moved from the mint to alice: for the test" "points_from_the_mint_count_as_earned_and_are_told"
is "$(sql "CALL job_boost(1, 1, 3000, 'k1')" | cut -f 2,3; balances 1; escrow 1)" "1	3000
97000	0	100000
3000" "a_boost_moves_points_into_the_jobs_escrow_and_no_rank"
is "$(sql "CALL job_boost(1, 1, 3000, 'k1')")" "$(owner "SELECT id, 1, 3000 FROM transaction WHERE kind = 'boost'")" "the_same_boost_twice_answers_the_same"
is "$(escrow 1; owner "SELECT COUNT(*) FROM transaction WHERE kind = 'boost'")" "3000
1" "and_moves_points_once"
is "$(sql 'CALL escrow_load(0)')" "1	3000" "boosts_are_loaded"
refuses DR422 'the key "k1" was used to boost job 1 with 3 points' "a_key_with_other_points_is_refused" "CALL job_boost(1, 1, 3001, 'k1')"
second=$(job second '[1,2,3]')
refuses DR422 'the key "k1" was used to boost job 1' "a_key_with_another_job_is_refused" "CALL job_boost(1, $second, 3000, 'k1')"
refuses DR402 "you have 97 points to spend, not 97.001" "more_than_is_there_is_not_spent" "CALL job_boost(1, 1, 97001, 'k2')"
refuses DR403 "job 1 is not yours" "anothers_job_is_not_boosted" "CALL job_boost(2, 1, 100, 'k1')"
refuses DR404 "no job 99" "an_unknown_job_is_not_boosted" "CALL job_boost(1, 99, 100, 'k3')"
refuses DR404 "no user 99" "nobody_boosts_nothing" "CALL job_boost(99, 1, 100, 'k3')"
for points in 0 -5 9223372036854775807 NULL; do
  refuses DR400 "cannot move" "a_boost_of_${points}_is_refused" "CALL job_boost(1, 1, $points, 'k3')"
done
for key in '' 'a b' "$(printf 'x%.0s' $(seq 65))"; do
  refuses DR400 "idempotency key" "the_key_<$(echo "$key" | cut -c 1-4)>_is_refused" "CALL job_boost(1, 1, 100, '$key')"
done
is "$(balances 1; escrow 1)" "97000	0	100000
3000" "a_refused_boost_moves_nothing"
ledger_is_clean "the_ledger_is_clean_after_boosts"

last=$(owner 'SELECT MAX(id) + 1 FROM transaction')
verdicts "$(paid 1 1 1 1000 1000 1000 1500 1500)" >/dev/null
is "$(transactions "$last"; escrow 1; balances 2)" "earn 1: mint -1000, pending2 1000
payout 1: escrow1 -1500, pending2 1500
vest 1: pending2 -2500, available2 2500
1500
7500	0	6000" "a_boosted_frame_pays_out_and_only_what_was_minted_counts_for_rank"
last=$(owner 'SELECT MAX(id) + 1 FROM transaction')
verdicts "$(paid 2 2 5 600 600 600 900 2000),$(paid 3 3 6 600 600 600 900 2000)" >/dev/null
is "$(transactions "$last" | grep payout; escrow 1)" "payout 2: escrow1 -1200, pending3 1200
payout 3: escrow1 -300, pending4 300
0" "an_escrow_never_pays_more_than_it_holds"
sql "CALL job_boost(1, 1, 500, 'k4')" >/dev/null
last=$(owner 'SELECT MAX(id) + 1 FROM transaction')
verdicts "$(paid 4 4 1 100 100 100 150 1000)" >/dev/null
is "$(transactions "$last"; escrow 1; balances 1)" "earn 4: mint -100, pending2 100
payout 4: escrow1 -100, pending2 100
vest 4: pending2 -200, available2 200
refund 1.1: escrow1 -400, available1 400
0
96900	0	100000" "the_end_of_a_job_returns_the_rest_of_its_escrow"
refuses DR409 "job 1 is finished; there is nothing left to boost" "a_finished_job_is_not_boosted" "CALL job_boost(1, 1, 100, 'k5')"
is "$(sql "CALL job_boost(1, 1, 500, 'k4')" | cut -f 2,3)" "1	500" "an_old_boost_said_again_after_the_end_answers_the_same"
is "$(sql 'CALL escrow_load(0)')" "" "an_ended_job_has_no_boost"
ledger_is_clean "the_ledger_is_clean_after_payouts"

sql "CALL job_boost(1, $second, 1000, 'k6')" >/dev/null
sql "CALL job_cancel($second, ''); CALL job_cancel($second, '')"
is "$(escrow "$second"; balances 1 | cut -f 1)" "0
96900" "cancelling_a_job_returns_its_escrow_once"
sql "CALL job_delete($second)"
third=$(job third '[1,2]')
first=$(job_column "$third" first_task_id)
sql "CALL job_boost(1, $third, 1000, 'k7')" >/dev/null
journal '' "$(bad 11 "$first" 1 failed x 1),$(bad 12 $((first + 1)) 1 failed y 1)" >/dev/null
is "$(job_column "$third" state; escrow "$third")" "failed
0" "a_failed_job_returns_its_escrow"
sql "CALL job_requeue($third, 0, FALSE); CALL job_boost(1, $third, 700, 'k8')" >/dev/null
journal '' "$(bad 13 "$first" 2 failed x 1),$(bad 14 $((first + 1)) 2 failed y 1)" >/dev/null
is "$(transactions | grep refund | cut -d : -f 1 | tr '\n' ' '; balances 1 | cut -f 1)" "refund 1.1 refund $second.1 refund $third.1 refund $third.2 96900" \
  "a_job_that_was_put_back_returns_its_escrow_again"
fourth=$(job fourth '[1,2]')
sql "CALL job_boost(1, $fourth, 100, 'k9'); CALL job_pause($fourth, '', 'owner')" >/dev/null
is "$(sql "CALL job_boost(1, $fourth, 100, 'k10')" | cut -f 2,3; escrow "$fourth")" "$fourth	100
200" "a_paused_job_can_be_boosted"
ledger_is_clean "the_ledger_is_clean_after_refunds"

# Held grants of a boosted job are paid with the boost that it had then, before the rest returns.
first=$(job_column "$fourth" first_task_id)
verdicts "$(paid 21 "$first" 1 100 0 0 150 1000)" >/dev/null
sql "CALL setting_change('vest', 'audited')"
verdicts "$(paid 22 $((first + 1)) 5 60 0 0 150 1000)" >/dev/null
is "$(escrow "$fourth"; balances 1 | cut -f 1; transactions | grep -E ' (21|22|'"$fourth"'\.1):')" "0
96780
earn 21: mint -60, pending2 60
earn 22: mint -60, pending3 60
payout 21: escrow$fourth -60, pending2 60
payout 22: escrow$fourth -60, pending3 60
refund $fourth.1: escrow$fourth -80, available1 80" "held_grants_are_paid_out_before_the_rest_returns"
is "$(sql "CALL grant_void('[[21, $first]]')"; transactions | grep void; balances 1 | cut -f 1)" "21	void	120
void 21: pending2 -120, mint 60, available1 60
96840" "what_a_void_result_had_from_an_ended_job_returns_to_its_owner"
sql "CALL job_delete($fourth)"
is "$(sql "CALL grant_void('[[22, $((first + 1))]]')"; balances 1 | cut -f 1; balances 3 | cut -f 2)" "22	void	120
96900
0" "also_when_the_job_is_gone"
fifth=$(job fifth '[1,2]')
first=$(job_column "$fifth" first_task_id)
sql "CALL job_boost(1, $fifth, 100, 'k11')" >/dev/null
verdicts "$(paid 31 "$first" 1 100 100 100 150 1000)" >/dev/null
is "$(escrow "$fifth"; sql "CALL grant_void('[[31, $first]]')"; escrow "$fifth")" "0
31	void	200
100" "what_a_void_result_had_from_an_open_job_returns_to_its_escrow"
sql "CALL setting_change('vest', 'at_once')"
ledger_is_clean "the_ledger_is_clean_after_void_payouts"

# More held grants than one batch settles: the rest follows, and then the refund.
sixth=$(job sixth "[$(seq -s , 1 1003)]")
first=$(job_column "$sixth" first_task_id)
sql "CALL job_boost(1, $sixth, 5000, 'k12')" >/dev/null
journal '' "$(for n in $(seq 1 1002); do paid $((1000 + n)) $((first + n - 1)) 1 10 0 0 15 100; printf ,; done; paid 2003 $((first + 1002)) 5 4 0 0 15 100)" >/dev/null
is "$(job_column "$sixth" state; escrow "$sixth"; owner 'SELECT COUNT(*) FROM held_grant')" "finished
5000
3" "the_refund_waits_for_grants_that_are_still_held"
ledger_is_clean "which_is_no_damage"
is "$(sql 'CALL grant_settle_overdue(24, 100)'; escrow "$sixth"; owner "SELECT COUNT(*), SUM(granted) FROM attempt WHERE task_id >= $first")" "3
0
1003	4012" "and_comes_with_the_last_of_them"
ledger_is_clean "the_ledger_is_clean_after_a_thousand_held_grants"

# Gifts.
before=$(balances 4)
is "$(sql "CALL points_give(1, 'DAVE', 250, 'g1', '')" | cut -f 2,3; balances 4)" "4	250
$(echo "$before" | awk '{ print $1 + 250 "\t" $2 "\t" $3 }')" "a_gift_can_be_spent_and_raises_no_rank"
is "$(sql "CALL points_give(1, 'dave', 250, 'g1', '')" | cut -f 2,3; balances 4 | cut -f 1)" "4	250
$(echo "$before" | awk '{ print $1 + 250 }')" "the_same_gift_twice_is_given_once"
refuses DR422 'the key "g1" was used to give 0.25 points' "a_key_with_another_receiver_is_refused" "CALL points_give(1, 'carol', 250, 'g1', '')"
refuses DR422 'the key "g1" was used to give 0.25 points' "a_key_with_another_amount_is_refused" "CALL points_give(1, 'dave', 251, 'g1', '')"
refuses DR400 "to yourself" "points_to_oneself_are_refused" "CALL points_give(1, 'alice', 250, 'g2', '')"
refuses DR404 'no user "nobody"' "points_to_nobody_are_refused" "CALL points_give(1, 'nobody', 250, 'g2', '')"
refuses DR404 'no user ""' "points_to_no_name_are_refused" "CALL points_give(1, NULL, 250, 'g2', '')"
refuses DR404 "no user 99" "nobody_gives_nothing" "CALL points_give(99, 'bob', 250, 'g2', '')"
refuses DR400 "cannot move -0.001 points" "a_negative_gift_is_refused" "CALL points_give(1, 'bob', -1, 'g2', '')"
refuses DR402 "to spend, not 1000000" "more_than_is_there_is_not_given" "CALL points_give(1, 'bob', 1000000000, 'g2', '')"
is "$(owner "SELECT COUNT(*) FROM transaction WHERE kind = 'give'")" 1 "a_refused_gift_moves_nothing"

# By hand.
refuses DR403 "only an administrator" "a_user_adjusts_nothing" "CALL points_adjust(2, '', 'bob', 100, 'mine', 'a1')"
refuses DR400 "needs a reason" "an_adjustment_needs_a_reason" "CALL points_adjust(1, '', 'bob', 100, ' ', 'a1')"
refuses DR400 "two different accounts" "an_adjustment_from_the_mint_to_the_mint_is_refused" "CALL points_adjust(1, '', '', 100, 'x', 'a1')"
refuses DR404 'no user "eve"' "an_adjustment_needs_its_user" "CALL points_adjust(1, 'eve', '', 100, 'x', 'a1')"
refuses DR402 "to spend, not 1000000" "more_than_is_there_is_not_taken" "CALL points_adjust(1, 'bob', '', 1000000000, 'x', 'a1')"
before=$(balances 4)
is "$(sql "CALL points_adjust(1, 'dave', '', 300, 'a mistake', 'a1')" | cut -f 2; sql "CALL points_adjust(1, 'dave', '', 300, 'a mistake', 'a1')" | cut -f 2; balances 4)" "300
300
$(echo "$before" | awk '{ print $1 - 300 "\t" $2 "\t" $3 - 300 }')" "points_taken_by_hand_are_taken_once_and_lower_the_rank"
refuses DR422 'the key "a1" was used for another adjustment' "a_key_with_another_adjustment_is_refused" "CALL points_adjust(1, 'bob', '', 300, 'x', 'a1')"
sql "CALL points_give(1, 'dave', 9000, 'g3', ''); CALL points_adjust(1, 'dave', '', 8000, 'more than he earned', 'a2')" >/dev/null
is "$(balances 4 | cut -f 3)" 0 "a_lifetime_total_never_falls_below_0"
sql "CALL points_adjust(1, 'dave', 'carol', 100, 'between them', 'a3')" >/dev/null
is "$(balances 4 | cut -f 3; owner "SELECT COUNT(*) FROM activity WHERE kind = 'points_adjusted' AND message LIKE '%between them' AND user_id IN (3, 4)")" "0
2" "moving_between_two_users_changes_no_rank_and_both_are_told"
ledger_is_clean "the_ledger_is_clean_after_gifts_and_adjustments"

# Statement and ranking.
is "$(sql 'CALL statement_list(4, 0, 3)' | cut -f 2,4-6,12,13)" "adjust	0	-100	0	alice	between them
adjust	0	-8000	-$(owner "SELECT -total_change FROM transaction WHERE ref = '1:a2'")	alice	more than he earned
give	0	9000	NULL	alice	" "a_statement_is_newest_first_with_who_and_why"
is "$(sql 'CALL statement_list(4, 0, 100)' | cut -f 2,4,5,7-11 | tail -3)" "vest	-900	900	1	first	3	6	slave 6
payout	300	0	1	first	3	6	slave 6
earn	600	0	1	first	3	6	slave 6" "a_line_says_job_frame_and_slave"
fourth=$(sql 'CALL statement_list(4, 0, 4)' | tail -1 | cut -f 1)
is "$(sql "CALL statement_list(4, $fourth, 1)" | cut -f 1)" "$(sql 'CALL statement_list(4, 0, 5)' | tail -1 | cut -f 1)" "a_statement_goes_on_below_a_transaction"
is "$(sql 'CALL statement_list(1, 0, 200)' | awk '$2 == "give"' | cut -f 5,12)" "-9000	dave
-250	dave" "who_gave_sees_to_whom"
is "$(for user in 1 2 3 4; do sql "CALL statement_list($user, 0, 10000)" | awk -F '\t' -v OFS='\t' '{ p += $4; a += $5; t += ($5 != 0 ? $6 : 0) } END { print a, p, t }'; done)" \
  "$(for user in 1 2 3 4; do balances $user; done)" "the_lines_of_a_statement_add_up_to_the_balances"
refuses DR404 "no user 99" "nobody_has_no_statement" "CALL statement_list(99, 0, 10)"
refuses DR404 "no user 99" "nobody_has_no_balance" "CALL balance_show(99)"
is "$(sql 'CALL ranking_list(0, 10)' | cut -f 1-3)" "1	1	alice
2	2	bob
3	3	carol" "the_ranking_goes_by_what_was_earned"
is "$(sql 'CALL ranking_list(1, 1)' | cut -f 1,3; sql 'CALL ranking_list(3, 10)')" "2	bob" "a_ranking_goes_on_after_a_user"
is "$(sql 'CALL total_points_load(0)' | sort -n | cut -f 1 | tr '\n' ' '; sql 'CALL total_points_load(1)')" "1 2 3 1	100000" "totals_are_loaded"
