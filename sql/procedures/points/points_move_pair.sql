-- Part of a transaction: both entries of p_transaction_id, and the balances, the account with the lower id first; the
-- mint's row is never written. p_total_change: of the total points of the account that is not the mint. No errors.
CREATE OR REPLACE PROCEDURE points_move_pair(IN p_transaction_id BIGINT, IN p_from BIGINT, IN p_to BIGINT,
  IN p_points BIGINT, IN p_total_change BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_low BIGINT DEFAULT LEAST(p_from, p_to);
  DECLARE v_high BIGINT DEFAULT GREATEST(p_from, p_to);
  INSERT INTO entry (transaction_id, account_id, amount)
  VALUES (p_transaction_id, p_from, -p_points), (p_transaction_id, p_to, p_points);
  IF v_low > 1 THEN
    UPDATE account SET balance = balance + IF(id = p_from, -p_points, p_points) WHERE id = v_low;
  END IF;
  UPDATE account SET balance = balance + IF(id = p_from, -p_points, p_points),
    total_points = total_points + p_total_change
  WHERE id = v_high;
END
