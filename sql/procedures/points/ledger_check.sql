-- Verifies the ledger in one statement, hence at one moment. Rows: an invariant, 1 and '', or 0 and the first row that
-- breaks it. Reads every entry and attempt. Deleting a job deletes its attempts, not its transactions. No errors.
CREATE OR REPLACE PROCEDURE ledger_check()
SQL SECURITY DEFINER
BEGIN
  SELECT invariant, detail IS NULL AS ok, COALESCE(detail, '') AS detail
  FROM (
    SELECT 'every_transaction_sums_to_0' AS invariant, (
      SELECT CONCAT('transaction ', t.id, ' (', t.kind, ' ', t.ref, ') has ', COUNT(e.amount), ' entries and sums to ',
        COALESCE(SUM(e.amount), 0))
      FROM transaction t LEFT JOIN entry e FORCE INDEX (PRIMARY) ON e.transaction_id = t.id
      GROUP BY t.id HAVING COUNT(e.amount) < 2 OR SUM(e.amount) <> 0 ORDER BY t.id LIMIT 1) AS detail
    UNION ALL
    SELECT 'every_entry_has_its_transaction_and_its_account', (
      SELECT CONCAT('an entry of ', e.amount, ' belongs to transaction ', e.transaction_id, ' and account ',
        e.account_id)
      FROM entry e LEFT JOIN transaction t FORCE INDEX (PRIMARY) ON t.id = e.transaction_id
      LEFT JOIN account a FORCE INDEX (PRIMARY) ON a.id = e.account_id
      WHERE t.id IS NULL OR a.id IS NULL ORDER BY e.transaction_id LIMIT 1)
    UNION ALL
    SELECT 'all_balances_sum_to_0', (
      SELECT CONCAT('the balances sum to ', held.amount, ', the mint''s entries to ', minted.amount)
      FROM (SELECT COALESCE(SUM(balance), 0) AS amount FROM account WHERE id <> 1) held,
        (SELECT COALESCE(SUM(amount), 0) AS amount FROM entry WHERE account_id = 1) minted
      WHERE held.amount + minted.amount <> 0)
    UNION ALL
    SELECT 'a_balance_is_the_sum_of_its_entries', (
      SELECT CONCAT('account ', a.id, ' (', a.kind, ') holds ', a.balance, ', its entries sum to ',
        COALESCE(s.amount, 0))
      FROM account a LEFT JOIN (SELECT account_id, SUM(amount) AS amount FROM entry GROUP BY account_id) s
        ON s.account_id = a.id
      WHERE a.balance <> IF(a.id = 1, 0, COALESCE(s.amount, 0)) ORDER BY a.id LIMIT 1)
    UNION ALL
    SELECT 'no_balance_but_the_mints_is_below_0', (
      SELECT CONCAT('account ', id, ' (', kind, ') holds ', balance) FROM account WHERE balance < 0 ORDER BY id LIMIT 1)
    UNION ALL
    SELECT 'every_kind_moves_between_its_own_accounts', (
      SELECT CONCAT('transaction ', t.id, ' (', t.kind, ' ', t.ref, ') moves ', e.amount, ' on account ', a.id,
        ' (', a.kind, ')')
      FROM entry e STRAIGHT_JOIN transaction t FORCE INDEX (PRIMARY) ON t.id = e.transaction_id
      STRAIGHT_JOIN account a FORCE INDEX (PRIMARY) ON a.id = e.account_id
      WHERE NOT CASE t.kind
        WHEN 'earn' THEN a.kind = IF(e.amount < 0, 'mint', 'pending')
        WHEN 'payout' THEN a.kind = IF(e.amount < 0, 'escrow', 'pending')
        WHEN 'vest' THEN a.kind = IF(e.amount < 0, 'pending', 'available')
        WHEN 'void' THEN IF(e.amount < 0, a.kind = 'pending', a.kind <> 'pending')
        WHEN 'boost' THEN a.kind = IF(e.amount < 0, 'available', 'escrow')
        WHEN 'refund' THEN a.kind = IF(e.amount < 0, 'escrow', 'available')
        WHEN 'adjust' THEN a.kind IN ('mint', 'available')
        ELSE a.kind = 'available' END
        OR (a.kind = 'escrow' AND NOT a.job_id <=> t.job_id)
      ORDER BY t.id LIMIT 1)
    UNION ALL
    SELECT 'an_accepted_result_of_another_has_its_earn', (
      SELECT CONCAT('attempt ', a.id, ' of task ', a.task_id, ' has ', COALESCE(a.granted, 'no'), ' points, ',
        IF(a.granted IS NULL, 'and is not held', 'and no EARN'))
      FROM attempt a
      LEFT JOIN transaction t FORCE INDEX (transaction_kind_ref_unique) ON t.kind = 'earn'
        AND t.ref = CONVERT(a.id USING utf8mb4) COLLATE utf8mb4_bin
      LEFT JOIN held_grant h FORCE INDEX (PRIMARY) ON h.attempt_id = a.id
      WHERE a.outcome = 'accepted' AND a.claim > 0
        AND (a.granted <> 0 AND t.id IS NULL OR a.granted IS NULL AND h.claim IS NULL)
      ORDER BY a.task_id, a.id LIMIT 1)
    UNION ALL
    SELECT 'an_earn_has_its_accepted_result', (
      SELECT CONCAT('EARN of attempt ', t.ref, ' gives ', e.amount, ' to account ', e.account_id, ', its result ',
        COALESCE(CONCAT('is ', a.outcome, ' with ', COALESCE(a.granted, 'no'), ' points'), 'is not there'),
        IF(h.attempt_id IS NULL, '', ' and held'))
      FROM transaction t
      STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = t.job_id
      STRAIGHT_JOIN entry e FORCE INDEX (PRIMARY) ON e.transaction_id = t.id AND e.account_id <> 1
      STRAIGHT_JOIN account p FORCE INDEX (PRIMARY) ON p.id = e.account_id
      LEFT JOIN attempt a FORCE INDEX (PRIMARY) ON a.task_id = t.task_id AND a.id = CAST(t.ref AS SIGNED)
      LEFT JOIN held_grant h FORCE INDEX (PRIMARY) ON h.attempt_id = CAST(t.ref AS SIGNED)
      WHERE t.kind = 'earn' AND (a.id IS NULL OR a.outcome <> 'accepted' OR h.attempt_id IS NOT NULL
        OR NOT a.granted <=> e.amount OR NOT a.user_id <=> p.user_id)
      ORDER BY t.id LIMIT 1)
    UNION ALL
    SELECT 'a_held_grant_has_its_accepted_result', (
      SELECT CONCAT('the held grant of attempt ', h.attempt_id, ' has ',
        COALESCE(CONCAT('a result that is ', a.outcome, ' with ', COALESCE(a.granted, 'no'), ' points'), 'no result'))
      FROM held_grant h LEFT JOIN attempt a FORCE INDEX (PRIMARY) ON a.task_id = h.task_id AND a.id = h.attempt_id
      WHERE a.id IS NULL OR a.outcome <> 'accepted' OR a.granted IS NOT NULL OR NOT a.claim <=> h.claim
      ORDER BY h.attempt_id LIMIT 1)
    UNION ALL
    SELECT 'nobody_earns_by_his_own_job', (
      SELECT CONCAT('EARN of attempt ', t.ref, ' goes to user ', p.user_id, ', the owner of job ', j.id)
      FROM transaction t
      STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = t.job_id
      STRAIGHT_JOIN entry e FORCE INDEX (PRIMARY) ON e.transaction_id = t.id
      STRAIGHT_JOIN account p FORCE INDEX (PRIMARY) ON p.id = e.account_id AND p.user_id = j.user_id
      WHERE t.kind = 'earn' ORDER BY t.id LIMIT 1)
    UNION ALL
    SELECT 'at_most_one_vest_or_void_after_an_earn', (
      SELECT CONCAT(UPPER(t.kind), ' of attempt ', t.ref, ' moves ', -m.amount, ' from account ', m.account_id,
        ', its EARN ',
        COALESCE(CONCAT('and PAYOUT gave ', e.amount + COALESCE(f.amount, 0), ' to account ', e.account_id),
          'is not there'),
        IF(o.id IS NULL, '', ', and there is another fate'))
      FROM transaction t
      STRAIGHT_JOIN entry m FORCE INDEX (PRIMARY) ON m.transaction_id = t.id AND m.amount < 0
      LEFT JOIN transaction r FORCE INDEX (transaction_kind_ref_unique) ON r.kind = 'earn' AND r.ref = t.ref
      LEFT JOIN entry e FORCE INDEX (PRIMARY) ON e.transaction_id = r.id AND e.amount > 0
      LEFT JOIN transaction p FORCE INDEX (transaction_kind_ref_unique) ON p.kind = 'payout' AND p.ref = t.ref
      LEFT JOIN entry f FORCE INDEX (PRIMARY) ON f.transaction_id = p.id AND f.amount > 0
      LEFT JOIN transaction o FORCE INDEX (transaction_kind_ref_unique) ON t.kind = 'vest' AND o.kind = 'void'
        AND o.ref = t.ref
      LEFT JOIN entry g FORCE INDEX (PRIMARY) ON t.kind = 'vest' AND g.transaction_id = t.id AND g.amount > 0
      LEFT JOIN account c FORCE INDEX (PRIMARY) ON c.id = g.account_id
      LEFT JOIN account d FORCE INDEX (PRIMARY) ON d.id = m.account_id
      WHERE t.kind IN ('vest', 'void') AND (NOT e.amount + COALESCE(f.amount, 0) <=> -m.amount
        OR NOT e.account_id <=> m.account_id OR o.id IS NOT NULL OR (t.kind = 'vest' AND NOT c.user_id <=> d.user_id))
      ORDER BY t.id LIMIT 1)
    UNION ALL
    SELECT 'a_payout_is_at_most_4_times_its_grant', (
      SELECT CONCAT('PAYOUT of attempt ', t.ref, ' is ', f.amount, ', its EARN ', COALESCE(e.amount, 'is not there'))
      FROM transaction t
      STRAIGHT_JOIN entry f FORCE INDEX (PRIMARY) ON f.transaction_id = t.id AND f.amount > 0
      LEFT JOIN transaction r FORCE INDEX (transaction_kind_ref_unique) ON r.kind = 'earn' AND r.ref = t.ref
      LEFT JOIN entry e FORCE INDEX (PRIMARY) ON e.transaction_id = r.id AND e.amount > 0
      WHERE t.kind = 'payout' AND NOT COALESCE(f.amount <= 4 * e.amount AND e.account_id = f.account_id, FALSE)
      ORDER BY t.id LIMIT 1)
    UNION ALL
    SELECT 'a_grant_keeps_to_claim_bound_and_fair_value', (
      SELECT CONCAT('attempt ', id, ' of task ', task_id, ' has ', granted, ' points: claim ', COALESCE(claim, 0),
        ', bound ', COALESCE(grant_limit, 0), ', fair value ', COALESCE(fair_value, 'unknown'))
      FROM attempt
      WHERE granted < 0 OR granted > LEAST(COALESCE(claim, 0), COALESCE(grant_limit, 0),
        COALESCE(fair_value DIV 100 * 115 + fair_value MOD 100 * 115 DIV 100, granted))
      ORDER BY task_id, id LIMIT 1)
    UNION ALL
    SELECT 'the_escrow_of_an_ended_job_is_0', (
      SELECT CONCAT('job ', x.job_id, ' is ', COALESCE(j.state, 'gone'), ', its escrow holds ', x.balance)
      FROM account x LEFT JOIN job j FORCE INDEX (PRIMARY) ON j.id = x.job_id
      WHERE x.kind = 'escrow' AND x.balance <> 0 AND (j.id IS NULL OR j.state IN ('finished', 'failed', 'cancelled')
        AND NOT EXISTS (SELECT 1 FROM held_grant h WHERE h.job_id = j.id))
      ORDER BY x.id LIMIT 1)
    UNION ALL
    SELECT 'a_total_is_what_vested_and_was_adjusted', (
      SELECT CONCAT('account ', a.id, ' (', a.kind, ') has a total of ', a.total_points,
        ', its transactions change it by ', COALESCE(s.amount, 0))
      FROM account a LEFT JOIN (
        SELECT e.account_id, SUM(t.total_change) AS amount
        FROM transaction t STRAIGHT_JOIN entry e FORCE INDEX (PRIMARY) ON e.transaction_id = t.id
          STRAIGHT_JOIN account v FORCE INDEX (PRIMARY) ON v.id = e.account_id
        WHERE t.total_change <> 0 AND v.kind = 'available' GROUP BY e.account_id) s ON s.account_id = a.id
      WHERE a.total_points <> COALESCE(s.amount, 0) ORDER BY a.id LIMIT 1)
    UNION ALL
    SELECT 'a_total_grows_by_what_was_earned_and_falls_by_adjust_alone', (
      SELECT CONCAT('transaction ', t.id, ' (', t.kind, ' ', t.ref, ') changes a total by ',
        COALESCE(t.total_change, 0),
        IF(e.amount IS NULL, '', CONCAT(', its EARN was ', e.amount)))
      FROM transaction t
      LEFT JOIN transaction r FORCE INDEX (transaction_kind_ref_unique) ON t.kind = 'vest' AND r.kind = 'earn'
        AND r.ref = t.ref
      LEFT JOIN entry e FORCE INDEX (PRIMARY) ON e.transaction_id = r.id AND e.amount > 0
      WHERE NOT CASE t.kind WHEN 'vest' THEN t.total_change <=> e.amount WHEN 'adjust' THEN TRUE
        ELSE COALESCE(t.total_change, 0) = 0 END
      ORDER BY t.id LIMIT 1)
  ) proof;
END
