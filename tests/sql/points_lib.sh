# What the groups about points share; sourced by them.

# Everybody has a slave or two: bob slaves 1 to 4, carol (3) slave 5, dave (4) slave 6, alice (1) slave 7.
more_people() {
  people
  sql "CALL user_create('carol', '', 'h'); CALL user_create('dave', '', 'h');
       CALL slave_create(3, 'slave 5', 'key5', REPEAT('p', 32)); CALL slave_create(4, 'slave 6', 'key6', REPEAT('p', 32));
       CALL slave_create(1, 'slave 7', 'key7', REPEAT('p', 32))" >/dev/null
}

paid() {  # ATTEMPT TASK SLAVE CLAIM FAIR GRANT BOUND [BOOST]: an accepted ending with what the dispatcher says of its worth
  printf '[%s,%s,%s,"accepted",1000,900,64,0,"","%04d.png",1234,"%064d",%s,%s,%s,%s,%s]' "$1" "$2" "$3" "$2" "$1" "$4" "$5" \
    "$6" "$7" "${8:-0}"
}

verdicts() {  # ENDINGS: verdict and points of each
  sql "CALL journal_write('[]', '[$1]')" | awk -F '\t' '$1 == 0 { printf "%s%s:%s", (n++ ? " " : ""), $3, $4 } END { print "" }'
}

balances() {  # USER: available, pending, lifetime total
  sql "CALL balance_show($1)" | cut -f 1-3
}

escrow() {  # JOB
  owner "SELECT balance FROM account WHERE job_id = $1"
}

transactions() {  # every transaction since the id $1: kind, ref and what it moves, on one line
  owner "SELECT CONCAT(t.kind, ' ', t.ref, ': ', GROUP_CONCAT(CONCAT(a.kind, COALESCE(a.user_id, a.job_id, ''), ' ', e.amount)
      ORDER BY e.amount, a.id SEPARATOR ', '))
    FROM transaction t JOIN entry e ON e.transaction_id = t.id JOIN account a ON a.id = e.account_id
    WHERE t.id >= ${1:-1} GROUP BY t.id ORDER BY t.id"
}

points_to() {  # USER POINTS: new points from alice, who is administrator
  sql "CALL points_adjust(1, '', '$1', $2, 'for the test', '$1-$2-$count')" >/dev/null
}

ledger_is_clean() {  # NAME
  is "$(sql 'CALL ledger_check()' | awk -F '\t' '$2 != 1 { print $1 ": " $3 }')" "" "$1"
}
