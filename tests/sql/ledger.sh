# ledger_check finds every kind of damage: each is planted, found by name with its first row, and taken back.

. "$top_srcdir/tests/sql/points_lib.sh"
more_people
points_to alice 100000
job open '[1,2,3,4,5,6]' >/dev/null
job ended '[1,2]' >/dev/null
sql "CALL job_boost(1, 1, 3000, 'k1'); CALL points_give(1, 'carol', 50, 'g1', '')" >/dev/null
sql "CALL setting_change('vest', 'audited')"
verdicts "$(paid 1 1 1 1000 1000 1000 1500 1000),$(paid 2 2 5 900 1000 900 1500),$(paid 3 3 6 800 800 800 900)" >/dev/null
verdicts "$(paid 4 4 1 700 0 0 1500),$(paid 5 5 7 1000 1000 1000 1500)" >/dev/null
verdicts "$(paid 6 7 1 400 400 400 600),$(paid 7 8 5 500 500 500 600)" >/dev/null
sql "CALL grant_vest('[[1, 1]]'); CALL grant_void('[[2, 2]]')" >/dev/null
is "$(sql 'CALL ledger_check()' | cut -f 2 | sort | uniq -c | awk '{ print $1, $2 }')" "16 1" "a_sound_ledger_holds_all_invariants"

# finds INVARIANT DETAIL NAME SQL: DETAIL is a part of what the check says.
finds() {
  said=$(owner "SET check_constraint_checks = 0; SET foreign_key_checks = 0; START TRANSACTION; $4; CALL ledger_check();
    ROLLBACK" | awk -F '\t' -v i="$1" '$1 == i && $2 == 0 { print $3 }')
  case $said in
    *"$2"*) is found found "$3" ;;
    *) is "$said" "$2" "$3" ;;
  esac
}

id_of() { owner "SELECT id FROM transaction WHERE kind = '$1' AND ref = '$2'"; }
earn=$(id_of earn 1)
pending=$(owner "SELECT id FROM account WHERE user_id = 2 AND kind = 'pending'")
available=$(owner "SELECT id FROM account WHERE user_id = 2 AND kind = 'available'")
escrow=$(owner 'SELECT id FROM account WHERE job_id = 1')
new="INSERT INTO transaction (id, kind, ref, job_id, task_id, created_at)"

finds every_transaction_sums_to_0 "transaction $earn (earn 1) has 2 entries and sums to 1" "an_entry_that_was_changed_is_found" \
  "UPDATE entry SET amount = amount + 1 WHERE transaction_id = $earn AND account_id = $pending"
finds every_transaction_sums_to_0 "transaction $earn (earn 1) has 1 entries" "an_entry_that_is_gone_is_found" \
  "DELETE FROM entry WHERE transaction_id = $earn AND account_id = 1"
finds every_transaction_sums_to_0 "transaction 999 (boost x) has 0 entries" "a_transaction_without_entries_is_found" \
  "$new VALUES (999, 'boost', 'x', 1, NULL, NOW(3))"
finds every_entry_has_its_transaction_and_its_account "belongs to transaction $earn and account" "a_transaction_that_is_gone_is_found" \
  "DELETE FROM transaction WHERE id = $earn"
finds every_entry_has_its_transaction_and_its_account "belongs to transaction 1 and account 999" "an_unknown_account_is_found" \
  "INSERT INTO entry VALUES (1, 999, 5)"
finds all_balances_sum_to_0 "the balances sum to" "points_from_nowhere_are_found" "UPDATE account SET balance = balance + 7 WHERE id = $available"
finds a_balance_is_the_sum_of_its_entries "account $pending (pending) holds" "a_balance_that_moved_alone_is_found" \
  "UPDATE account SET balance = balance - 7 WHERE id = $available; UPDATE account SET balance = balance + 7 WHERE id = $pending"
finds a_balance_is_the_sum_of_its_entries "account 1 (mint) holds -5" "a_mint_that_was_written_is_found" "UPDATE account SET balance = -5 WHERE id = 1"
finds no_balance_but_the_mints_is_below_0 "account $escrow (escrow) holds -1" "a_balance_below_0_is_found" "UPDATE account SET balance = -1 WHERE id = $escrow"
finds every_kind_moves_between_its_own_accounts "transaction $earn (earn 1) moves 1000 on account $available (available)" \
  "an_earn_that_skips_pending_is_found" "UPDATE entry SET account_id = $available WHERE transaction_id = $earn AND account_id = $pending"
finds every_kind_moves_between_its_own_accounts "(boost 1:k1) moves 3000 on account $escrow (escrow)" "a_boost_into_another_jobs_escrow_is_found" \
  "UPDATE transaction SET job_id = 2 WHERE kind = 'boost'"
for change in vest:earn payout:vest void:vest boost:payout give:refund; do
  finds every_kind_moves_between_its_own_accounts "(${change#*:} " "a_${change%:*}_called_${change#*:}_is_found" \
    "UPDATE transaction SET kind = '${change#*:}', ref = CONCAT(ref, 'x') WHERE kind = '${change%:*}'"
done
finds an_accepted_result_of_another_has_its_earn "attempt 3 of task 3 has 800 points, and no EARN" "a_result_that_was_not_paid_is_found" \
  "DELETE FROM transaction WHERE kind = 'earn' AND ref = '3'"
finds an_accepted_result_of_another_has_its_earn "attempt 4 of task 4 has no points, and is not held" "a_held_grant_that_is_lost_is_found" \
  "DELETE FROM held_grant"
finds an_earn_has_its_accepted_result "EARN of attempt 1 gives 1000 to account $pending, its result is not there" "an_earn_for_nothing_is_found" \
  "DELETE FROM attempt WHERE id = 1"
finds an_earn_has_its_accepted_result "its result is superseded" "an_earn_for_a_result_that_did_not_count_is_found" \
  "UPDATE attempt SET outcome = 'superseded' WHERE id = 1"
finds an_earn_has_its_accepted_result "is accepted with 999 points" "an_earn_of_another_size_is_found" "UPDATE attempt SET granted = 999 WHERE id = 1"
finds an_earn_has_its_accepted_result "gives 1000 to account $pending" "an_earn_to_somebody_else_is_found" "UPDATE attempt SET user_id = 3 WHERE id = 1"
finds an_earn_has_its_accepted_result "and held" "a_grant_that_is_both_paid_and_held_is_found" \
  "UPDATE held_grant SET attempt_id = 1, task_id = 1"
finds a_held_grant_has_its_accepted_result "the held grant of attempt 44 has no result" "a_held_grant_without_a_result_is_found" \
  "UPDATE held_grant SET attempt_id = 44"
finds a_held_grant_has_its_accepted_result "accepted with no points" "a_held_grant_with_another_claim_is_found" "UPDATE held_grant SET claim = claim + 1"
finds nobody_earns_by_his_own_job "EARN of attempt 1 goes to user 2, the owner of job 1" "an_earn_by_ones_own_job_is_found" "UPDATE job SET user_id = 2 WHERE id = 1"
finds at_most_one_vest_or_void_after_an_earn "VEST of attempt 1 moves 2000 from account $pending" "a_result_that_is_vested_and_void_is_found" \
  "$new VALUES (999, 'void', '1', 1, 1, NOW(3)); INSERT INTO entry VALUES (999, $pending, -2000), (999, 1, 2000)"
finds at_most_one_vest_or_void_after_an_earn "VEST of attempt 55 moves 5 from account $pending, its EARN is not there" "a_vest_without_an_earn_is_found" \
  "$new VALUES (999, 'vest', '55', 1, 1, NOW(3)); INSERT INTO entry VALUES (999, $pending, -5), (999, $available, 5)"
finds at_most_one_vest_or_void_after_an_earn "VEST of attempt 1 moves 2001 from account $pending, its EARN and PAYOUT gave 2000" \
  "a_vest_of_more_than_was_earned_is_found" "UPDATE entry SET amount = amount - 1 WHERE amount = -2000; UPDATE entry SET amount = amount + 1 WHERE amount = 2000"
finds at_most_one_vest_or_void_after_an_earn "VEST of attempt 1" "a_vest_to_somebody_else_is_found" \
  "UPDATE entry e JOIN transaction t ON t.id = e.transaction_id SET e.account_id = $available + 2 WHERE t.kind = 'vest' AND e.amount > 0"
finds a_payout_is_at_most_4_times_its_grant "PAYOUT of attempt 1 is 4001, its EARN 1000" "a_payout_beyond_every_boost_is_found" \
  "UPDATE entry e JOIN transaction t ON t.id = e.transaction_id SET e.amount = SIGN(e.amount) * 4001 WHERE t.kind = 'payout'"
finds a_payout_is_at_most_4_times_its_grant "PAYOUT of attempt 7x is 1000, its EARN is not there" "a_payout_without_an_earn_is_found" \
  "UPDATE transaction SET ref = '7x' WHERE kind = 'payout'"
finds a_grant_keeps_to_claim_bound_and_fair_value "attempt 3 of task 3 has 800 points: claim 800, bound 900, fair value 695" \
  "a_grant_above_1.15_times_the_fair_value_is_found" "UPDATE attempt SET fair_value = 695 WHERE id = 3"
finds a_grant_keeps_to_claim_bound_and_fair_value "bound 799" "a_grant_above_what_the_slave_can_do_is_found" "UPDATE attempt SET grant_limit = 799 WHERE id = 3"
finds a_grant_keeps_to_claim_bound_and_fair_value "claim 799" "a_grant_above_its_claim_is_found" "UPDATE attempt SET claim = 799 WHERE id = 3"
finds the_escrow_of_an_ended_job_is_0 "job 1 is cancelled, its escrow holds 2000" "an_escrow_that_was_not_returned_is_found" \
  "UPDATE job SET state = 'cancelled' WHERE id = 1; DELETE FROM held_grant"
finds the_escrow_of_an_ended_job_is_0 "job 1 is gone, its escrow holds 2000" "an_escrow_of_a_job_that_is_gone_is_found" "DELETE FROM job WHERE id = 1"
finds a_total_is_what_vested_and_was_adjusted "account $available (available) has a total of 1001, its transactions change it by 1000" \
  "a_total_that_was_written_is_found" "UPDATE account SET total_points = total_points + 1 WHERE id = $available"
finds a_total_is_what_vested_and_was_adjusted "account $pending (pending) has a total of 3" "a_total_of_the_wrong_account_is_found" \
  "UPDATE account SET total_points = 3 WHERE id = $pending"
finds a_total_grows_by_what_was_earned_and_falls_by_adjust_alone "(vest 1) changes a total by 2000, its EARN was 1000" \
  "a_rank_raised_by_a_payout_is_found" "UPDATE transaction SET total_change = 2000 WHERE kind = 'vest'"
finds a_total_grows_by_what_was_earned_and_falls_by_adjust_alone "(boost 1:k1) changes a total by -3000" "a_rank_lowered_by_spending_is_found" \
  "UPDATE transaction SET total_change = -3000 WHERE kind = 'boost'"
ledger_is_clean "after_all_of_them_the_ledger_is_sound_again"
