-- Part of points_post: REFUND of the remaining escrow of the ended jobs in points_job without held grants to their
-- owners. The jobs are locked. No errors.
CREATE OR REPLACE PROCEDURE points_refund()
SQL SECURITY DEFINER
BEGIN
  DECLARE v_job_id BIGINT;
  DECLARE v_escrow BIGINT;
  DECLARE v_available BIGINT;
  DECLARE v_left BIGINT;
  DECLARE v_number INT;
  DECLARE v_done BOOLEAN DEFAULT FALSE;
  DECLARE v_refunds CURSOR FOR
    SELECT j.id, x.id, a.id, x.balance + COALESCE(m.amount, 0)
    FROM points_job n
    STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = n.job_id
    STRAIGHT_JOIN account x FORCE INDEX (account_job_unique) ON x.job_id = n.job_id AND x.kind = 'escrow'
    STRAIGHT_JOIN account a FORCE INDEX (account_user_unique) ON a.user_id = j.user_id AND a.kind = 'available'
    LEFT JOIN points_move m ON m.account_id = x.id
    WHERE j.state IN ('finished', 'failed', 'cancelled') AND x.balance + COALESCE(m.amount, 0) > 0
      AND NOT EXISTS (SELECT 1 FROM held_grant h WHERE h.job_id = n.job_id);
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

  OPEN v_refunds;
  FETCH v_refunds INTO v_job_id, v_escrow, v_available, v_left;
  WHILE NOT v_done DO
    SELECT COUNT(*) + 1 INTO v_number FROM transaction WHERE kind = 'refund' AND ref LIKE CONCAT(v_job_id, '.%');
    INSERT INTO transaction (kind, ref, job_id, created_at)
    VALUES ('refund', CONCAT(v_job_id, '.', v_number), v_job_id, UTC_TIMESTAMP(3));
    INSERT INTO entry (transaction_id, account_id, amount)
    VALUES (LAST_INSERT_ID(), v_escrow, -v_left), (LAST_INSERT_ID(), v_available, v_left);
    INSERT INTO points_move (account_id, amount, total_points) VALUES (v_escrow, -v_left, 0), (v_available, v_left, 0)
    ON DUPLICATE KEY UPDATE amount = amount + VALUES(amount);
    FETCH v_refunds INTO v_job_id, v_escrow, v_available, v_left;
  END WHILE;
  CLOSE v_refunds;
END
