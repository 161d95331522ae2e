-- The total points of one user or of every user who has any (p_user_id 0), for the dispatcher's weights. Rows:
-- user_id, millipoints. No errors.
CREATE OR REPLACE PROCEDURE total_points_load(IN p_user_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT user_id, total_points FROM account
  WHERE kind = 'available' AND IF(p_user_id = 0, total_points > 0, user_id = p_user_id);
END
