-- A user's transactions, newest first, ids below p_before (0: from the newest). Rows: id, kind, time, changes of the
-- pending and available balance and of the total points in millipoints, job_id and job, frame, slave_id and slave
-- (NULL: none; '' when deleted), counterparty (who gave, or received; for adjust the administrator), reason. DR404 no
-- such user.
CREATE OR REPLACE PROCEDURE statement_list(IN p_user_id BIGINT, IN p_before BIGINT, IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_pending BIGINT DEFAULT (SELECT id FROM account WHERE user_id = p_user_id AND kind = 'pending');
  DECLARE v_available BIGINT DEFAULT (SELECT id FROM account WHERE user_id = p_user_id AND kind = 'available');
  DECLARE v_before BIGINT DEFAULT IF(p_before = 0, 9223372036854775807, p_before);

  IF v_available IS NULL THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  SELECT t.id, t.kind, time_text(t.created_at) AS created_at, line.pending_change, line.available_change,
    t.total_change, t.job_id, COALESCE(j.name, '') AS job_name, t.frame, t.slave_id, COALESCE(s.name, '') AS slave_name,
    COALESCE(u.name, '') AS counterparty, COALESCE(t.reason, '') AS reason
  FROM (
    SELECT transaction_id, SUM(IF(account_id = v_pending, amount, 0)) AS pending_change,
      SUM(IF(account_id = v_available, amount, 0)) AS available_change
    FROM (
      (SELECT transaction_id, account_id, amount FROM entry FORCE INDEX (entry_account)
       WHERE account_id = v_pending AND transaction_id < v_before ORDER BY transaction_id DESC LIMIT p_limit)
      UNION ALL
      (SELECT transaction_id, account_id, amount FROM entry FORCE INDEX (entry_account)
       WHERE account_id = v_available AND transaction_id < v_before ORDER BY transaction_id DESC LIMIT p_limit)) mine
    GROUP BY transaction_id ORDER BY transaction_id DESC LIMIT p_limit
  ) line
  STRAIGHT_JOIN transaction t ON t.id = line.transaction_id
  LEFT JOIN job j ON j.id = t.job_id
  LEFT JOIN slave s ON s.id = t.slave_id
  LEFT JOIN entry o ON t.kind = 'give' AND o.transaction_id = t.id AND o.account_id <> v_available
  LEFT JOIN account a ON a.id = o.account_id
  LEFT JOIN user u ON u.id = IF(t.kind = 'adjust', t.actor_id, a.user_id)
  ORDER BY t.id DESC;
END
