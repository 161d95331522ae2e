-- A user's points in millipoints, one row: available, pending, total points, escrow of their jobs, number of held
-- grants and the sum of their claims (the most that they can become). DR404 no such user.
CREATE OR REPLACE PROCEDURE balance_show(IN p_user_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_user_id) THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  SELECT v.balance AS available, p.balance AS pending, v.total_points,
    (SELECT COALESCE(SUM(x.balance), 0) FROM job j STRAIGHT_JOIN account x ON x.job_id = j.id AND x.kind = 'escrow'
     WHERE j.user_id = p_user_id) AS escrow,
    (SELECT COUNT(*) FROM held_grant WHERE user_id = p_user_id) AS held,
    (SELECT COALESCE(SUM(claim), 0) FROM held_grant WHERE user_id = p_user_id) AS held_claims
  FROM account v JOIN account p ON p.user_id = v.user_id AND p.kind = 'pending'
  WHERE v.user_id = p_user_id AND v.kind = 'available';
END
