-- Activity, newest first, for administrators; at most 1,000 rows. p_kind: of this kind ('': all); ids below p_before
-- (0: from the newest). Names of what was deleted are ''. DR403 not an administrator.
CREATE OR REPLACE PROCEDURE activity_list(IN p_administrator_id BIGINT, IN p_kind VARCHAR(200), IN p_before BIGINT,
  IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_before BIGINT DEFAULT IF(p_before > 0, p_before, 9223372036854775807);
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(p_limit, 1), 1001);

  CALL admin_check(p_administrator_id);
  SELECT e.id, time_text(e.created_at) AS created_at, e.kind, COALESCE(e.user_id, 0) AS user_id,
    COALESCE(u.name, '') AS user_name, COALESCE(e.slave_id, 0) AS slave_id, COALESCE(s.name, '') AS slave_name,
    COALESCE(e.job_id, 0) AS job_id, COALESCE(j.name, '') AS job_name, e.message
  FROM (
    (SELECT * FROM activity WHERE p_kind = '' AND id < v_before ORDER BY id DESC LIMIT v_limit)
    UNION ALL
    (SELECT * FROM activity WHERE p_kind <> '' AND kind = p_kind COLLATE utf8mb4_bin AND id < v_before
     ORDER BY id DESC LIMIT v_limit)
  ) e
  LEFT JOIN user u ON u.id = e.user_id
  LEFT JOIN slave s ON s.id = e.slave_id
  LEFT JOIN job j ON j.id = e.job_id
  ORDER BY e.id DESC;
END
