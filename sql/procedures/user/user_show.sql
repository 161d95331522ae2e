-- One user, one row, with the columns of user_list. DR404 no such user, or the account was deleted.
CREATE OR REPLACE PROCEDURE user_show(IN p_user_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_user_id AND name IS NOT NULL) THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  SELECT u.id, u.name, COALESCE(u.email, '') AS email, u.role, time_text(u.created_at) AS created_at,
    time_text(u.blocked_at) AS blocked_at, COALESCE(u.blocked_reason, '') AS blocked_reason,
    (SELECT COUNT(*) FROM job j WHERE j.user_id = u.id AND j.state <> 'creating') AS job_count,
    (SELECT COUNT(*) FROM slave s WHERE s.user_id = u.id AND s.state <> 'revoked') AS slave_count,
    COALESCE((SELECT a.total_points FROM account a WHERE a.user_id = u.id AND a.kind = 'available'), 0) AS total_points,
    time_text((SELECT MAX(s.created_at) FROM session s WHERE s.user_id = u.id)) AS last_login_at,
    u.revision
  FROM user u WHERE u.id = p_user_id;
END
