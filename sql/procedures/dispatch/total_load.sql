-- The lifetime total of every user who has one (p_user 0), or of one, for the dispatcher's weights.
-- Rows: user, millipoints. No errors.
CREATE OR REPLACE PROCEDURE total_load(IN p_user BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT user_id, total FROM account
  WHERE kind = 'available' AND IF(p_user = 0, total > 0, user_id = p_user);
END
