-- Part of a transaction: writes the transactions and entries of points_due, refunds the ended jobs in points_job
-- without held grants, and changes the balances, each account once and in the order of its id. The jobs of all rows
-- with a boost are locked, which locks their escrow. No errors.
CREATE OR REPLACE PROCEDURE points_post()
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_first BIGINT;
  DECLARE v_rows INT;
  DECLARE v_boosted INT;
  DECLARE v_fresh INT;
  DECLARE v_vested INT;
  DECLARE v_void INT;
  DECLARE v_paid INT;

  IF COALESCE((SELECT value FROM setting WHERE name = 'vest'), 'at_once') <> 'audited' THEN
    UPDATE points_due SET audit_outcome = 'vest' WHERE audit_outcome IS NULL;
  END IF;
  SELECT COUNT(*), COUNT(IF(boost > 0 AND NOT earned, 1, NULL)), COUNT(IF(points > 0 AND NOT earned, 1, NULL)),
    COUNT(IF(audit_outcome = 'vest' AND points > 0, 1, NULL)),
    COUNT(IF(audit_outcome = 'void' AND points > 0, 1, NULL)), COUNT(IF(payout > 0, 1, NULL))
  INTO v_rows, v_boosted, v_fresh, v_vested, v_void, v_paid FROM points_due;

  -- The escrow pays in the order of the attempts, until it is empty; a void result is not paid at all.
  IF v_boosted > 0 THEN
    UPDATE points_due d
    STRAIGHT_JOIN (
      SELECT attempt_id, GREATEST(0, LEAST(extra, balance - COALESCE(SUM(extra) OVER (PARTITION BY escrow_id ORDER BY
        attempt_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))) AS payout
      FROM (SELECT n.attempt_id, n.escrow_id, x.balance, (n.points * LEAST(n.boost, 4000) + 500) DIV 1000 AS extra
        FROM points_due n STRAIGHT_JOIN account x FORCE INDEX (PRIMARY) ON x.id = n.escrow_id
        WHERE n.boost > 0 AND NOT n.earned AND (n.audit_outcome IS NULL OR n.audit_outcome <> 'void')) extras
    ) share ON share.attempt_id = d.attempt_id
    SET d.payout = share.payout;
    SELECT COUNT(*) INTO v_paid FROM points_due WHERE payout > 0;
  END IF;

  IF v_fresh > 0 THEN
    INSERT INTO transaction (kind, ref, job_id, task_id, slave_id, frame, created_at)
    SELECT 'earn', ref, job_id, task_id, slave_id, frame, v_now FROM points_due WHERE points > 0 AND NOT earned;
    SET v_first = LAST_INSERT_ID();
    INSERT INTO statistic_hour (user_id, starts_at, points_earned)
    SELECT IF(side.n = 0, 0, p.user_id) AS of_user, DATE_FORMAT(v_now, '%Y-%m-%d %H:00:00'), SUM(d.points)
    FROM points_due d
    STRAIGHT_JOIN account p FORCE INDEX (PRIMARY) ON p.id = d.pending_id
    STRAIGHT_JOIN (SELECT 0 AS n UNION ALL SELECT 1) side
    WHERE d.points > 0 AND NOT d.earned
    GROUP BY of_user ORDER BY of_user
    ON DUPLICATE KEY UPDATE points_earned = statistic_hour.points_earned + VALUES(points_earned);
  END IF;
  IF v_paid > 0 THEN
    INSERT INTO transaction (kind, ref, job_id, task_id, slave_id, frame, created_at)
    SELECT 'payout', ref, job_id, task_id, slave_id, frame, v_now FROM points_due WHERE payout > 0 AND NOT earned;
  END IF;
  IF v_vested > 0 THEN
    INSERT INTO transaction (kind, ref, job_id, task_id, slave_id, frame, total_change, created_at)
    SELECT 'vest', ref, job_id, task_id, slave_id, frame, points, v_now
    FROM points_due WHERE audit_outcome = 'vest' AND points > 0;
    SET v_first = COALESCE(v_first, LAST_INSERT_ID());
  END IF;
  IF v_void > 0 THEN
    INSERT INTO transaction (kind, ref, job_id, task_id, slave_id, frame, created_at)
    SELECT 'void', ref, job_id, task_id, slave_id, frame, v_now FROM points_due
    WHERE audit_outcome = 'void' AND points > 0;
    SET v_first = COALESCE(v_first, LAST_INSERT_ID());
  END IF;

  -- The new rows are at the end of the table: a range scan is cheaper than a lookup of each.
  IF v_first IS NOT NULL THEN
    INSERT INTO entry (transaction_id, account_id, amount)
    SELECT t.id,
      IF(side.n = 0,
        CASE t.kind WHEN 'earn' THEN 1 WHEN 'payout' THEN d.escrow_id ELSE d.pending_id END,
        CASE t.kind WHEN 'vest' THEN d.available_id WHEN 'void' THEN 1 ELSE d.pending_id END),
      IF(side.n = 0, -1, 1) *
        CASE t.kind WHEN 'earn' THEN d.points WHEN 'payout' THEN d.payout WHEN 'vest' THEN d.points + d.payout
          ELSE d.points + IF(side.n = 0, d.payout, 0) END
    FROM transaction t FORCE INDEX (PRIMARY)
    STRAIGHT_JOIN points_due d ON d.ref = t.ref
    STRAIGHT_JOIN (SELECT 0 AS n UNION ALL SELECT 1) side
    WHERE t.id >= v_first AND t.kind IN ('earn', 'payout', 'vest', 'void');
  END IF;
  IF v_void > 0 THEN  -- a payout of a void result returns to its payer
    INSERT INTO entry (transaction_id, account_id, amount)
    SELECT t.id, d.escrow_id, d.payout
    FROM points_due d
    STRAIGHT_JOIN transaction t FORCE INDEX (transaction_kind_ref_unique) ON t.kind = 'void' AND t.ref = d.ref
    WHERE d.audit_outcome = 'void' AND d.payout > 0;
  END IF;

  IF v_rows > 0 THEN
    INSERT INTO points_move (account_id, amount, total_points)
    SELECT pending_id, SUM(IF(earned, 0, points + payout) - IF(audit_outcome IS NULL, 0, points + payout)) AS amount, 0
    FROM points_due GROUP BY pending_id HAVING amount <> 0;
    INSERT INTO points_move (account_id, amount, total_points)
    SELECT available_id, SUM(points + payout) AS amount, SUM(points)
    FROM points_due WHERE audit_outcome = 'vest' GROUP BY available_id HAVING amount <> 0;
    IF v_paid > 0 THEN
      INSERT INTO points_move (account_id, amount, total_points)
      SELECT escrow_id, SUM(IF(earned, payout, -payout)) AS amount, 0
      FROM points_due WHERE payout > 0 AND (NOT earned OR audit_outcome = 'void') GROUP BY escrow_id HAVING amount <> 0
      ON DUPLICATE KEY UPDATE amount = points_move.amount + VALUES(amount);
    END IF;
    DELETE FROM points_due;
  END IF;
  IF EXISTS (SELECT 1 FROM points_job) THEN
    CALL points_refund();
  END IF;
  UPDATE points_move m FORCE INDEX (PRIMARY) STRAIGHT_JOIN account a FORCE INDEX (PRIMARY) ON a.id = m.account_id
  SET a.balance = a.balance + m.amount, a.total_points = a.total_points + m.total_points
  WHERE m.account_id > 1;
  DELETE FROM points_move;
END
