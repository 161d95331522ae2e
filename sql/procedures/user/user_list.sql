-- Users for administrators, newest first, at most 1,000 rows. p_search: in the name or e-mail address ('': all);
-- p_filter: '', 'staff' (moderators and administrators) or 'blocked'; ids below p_before (0: from the newest). DR400
-- no such filter, DR403 not an administrator.
CREATE OR REPLACE PROCEDURE user_list(IN p_administrator_id BIGINT, IN p_search VARCHAR(200), IN p_filter VARCHAR(16),
  IN p_before BIGINT, IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_before BIGINT DEFAULT IF(p_before > 0, p_before, 9223372036854775807);
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(p_limit, 1), 1001);

  CALL admin_check(p_administrator_id);
  IF p_filter NOT IN ('', 'staff', 'blocked') THEN
    CALL error_raise(400, CONCAT('there is no kind of account "', p_filter, '"; use staff or blocked'));
  END IF;
  SELECT u.id, u.name, COALESCE(u.email, '') AS email, u.role, time_text(u.created_at) AS created_at,
    time_text(u.blocked_at) AS blocked_at, COALESCE(u.blocked_reason, '') AS blocked_reason,
    (SELECT COUNT(*) FROM job j WHERE j.user_id = u.id AND j.state <> 'creating') AS job_count,
    (SELECT COUNT(*) FROM slave s WHERE s.user_id = u.id AND s.state <> 'revoked') AS slave_count,
    COALESCE((SELECT a.total_points FROM account a WHERE a.user_id = u.id AND a.kind = 'available'), 0) AS total_points,
    time_text((SELECT MAX(s.created_at) FROM session s WHERE s.user_id = u.id)) AS last_login_at,
    u.revision
  FROM user u
  WHERE u.id < v_before AND u.name IS NOT NULL
    AND (p_search = '' OR LOCATE(p_search, u.name) > 0 OR LOCATE(p_search, u.email) > 0)
    AND (p_filter = '' OR (p_filter = 'staff' AND u.role <> 'user') OR (p_filter = 'blocked'
      AND u.blocked_at IS NOT NULL))
  ORDER BY u.id DESC LIMIT v_limit;
END
