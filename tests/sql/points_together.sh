# Points moved from many connections at once: nothing is spent twice, nobody waits in a circle.

. "$top_srcdir/tests/sql/points_lib.sh"
more_people
points_to alice 1000
points_to bob 100000
points_to carol 100000
points_to dave 100000
job first "[$(seq -s , 1 200)]" >/dev/null
job second "[$(seq -s , 1 200)]" >/dev/null

is "$(together 8 'sql "CALL job_boost(1, 1, 300, '"'same'"')"' | sort | uniq -c | awk '{ print $1, $3, $4 }'; escrow 1)" "8 1 300
300" "the_same_boost_from_eight_places_is_one_and_all_get_its_answer"
is "$(together 8 'sql "CALL job_boost(1, $((1 + each % 2)), 300, '"'key\$each'"')"' | grep -c 'you have 0.1 points')" 6 \
  "of_eight_boosts_as_many_succeed_as_there_are_points"
is "$(balances 1 | cut -f 1; owner 'SELECT SUM(balance) FROM account WHERE kind = "escrow"')" "100
900" "and_no_point_is_spent_twice"
is "$(together 8 'sql "CALL points_give(2, '"'carol'"', 70000, '"'gift\$each'"', '"''"')"' | grep -c 'you have 30 points')" 7 \
  "of_eight_gifts_that_exhaust_a_purse_one_is_given"

# Everybody gives to everybody, in both directions, while results of two boosted jobs come in and are settled and judged.
sql "CALL setting_change('vest', 'audited'); CALL points_give(3, 'alice', 20000, 'back', ''); CALL points_give(3, 'bob', 50000, 'back2', '');
  CALL job_boost(1, 1, 5000, 'more'); CALL job_boost(1, 2, 5000, 'more2')" >/dev/null
batch() {  # FIRST: 20 results of each job, half of them held
  for n in $(seq "$1" $(($1 + 19))); do
    other=$((200 + n))
    paid "$other" "$other" $(((n + 3) % 6 + 1)) 100 $((n % 2 * 100)) 100 150 1000
    printf ,
    paid "$n" "$n" $((n % 6 + 1)) 100 $((n % 2 * 100)) 100 150 1000
    test "$n" = $(($1 + 19)) || printf ,
  done
}
pairs() {  # FIRST FATE-OR-SETTLE: a list for grant_settle, grant_vest, grant_void
  for n in $(seq "$1" 2 200); do printf '[%s,%s,90,100],[%s,%s,90,100],' "$n" "$n" $((200 + n)) $((200 + n)); done | sed 's/,$//'
}
worker() {
  case $1 in
    1) for first in $(seq 1 20 181); do sql "CALL journal_write('[]', '[$(batch "$first")]')"; done ;;
    2) for n in $(seq 30); do sql "CALL points_give(2, 'carol', 10, 'a$n', ''); CALL points_give(2, 'dave', 10, 'b$n', '')"; done ;;
    3) for n in $(seq 30); do sql "CALL points_give(3, 'bob', 10, 'a$n', ''); CALL points_give(3, 'alice', 10, 'b$n', '')"; done ;;
    4) for n in $(seq 30); do sql "CALL points_give(4, 'bob', 10, 'a$n', ''); CALL points_give(4, 'carol', 10, 'b$n', '')"; done ;;
    5) for n in $(seq 15); do sql "CALL job_boost(1, $((n % 2 + 1)), 10, 'c$n')"; done ;;
    6) for n in $(seq 8); do sql "CALL grant_settle('[$(pairs 2)]')"; done ;;
    7) for n in $(seq 8); do sql "CALL grant_vest('[$(pairs 1)]')"; done ;;
    8) for n in $(seq 8); do sql "CALL grant_void('[$(pairs 1)]')"; done ;;
  esac
}
together 8 'worker "$each"' >"$work/said"
is "$(grep -c 40001 "$work/said")" 0 "accounts_and_jobs_are_locked_in_order_and_so_nobody_deadlocks"
# A boost may come too late: the jobs finish meanwhile.
is "$(grep ERROR "$work/said" | grep -v 'there is nothing left to boost')" "" "and_nothing_fails"
is "$(owner 'SELECT COUNT(*) FROM attempt WHERE outcome = "accepted"')" 400 "every_result_is_there"
ledger_is_clean "the_ledger_is_clean_after_all_that"
sql "CALL grant_settle('[$(pairs 2)]'); CALL grant_vest('[$(pairs 1)]')" >/dev/null
is "$(owner "SELECT (SELECT COUNT(*) FROM transaction WHERE kind = 'earn'),
  (SELECT COUNT(*) FROM transaction WHERE kind IN ('vest', 'void')), (SELECT COUNT(*) FROM held_grant);
  SELECT state FROM job")" "400	200	0
finished
finished" "each_result_earned_once_and_has_one_fate_at_most"
is "$(owner 'SELECT COALESCE(SUM(balance), 0) FROM account WHERE kind = "escrow"')" 0 "and_nothing_is_left_in_an_escrow"
ledger_is_clean "the_ledger_is_clean_in_the_end"
