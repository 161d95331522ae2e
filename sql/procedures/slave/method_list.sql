-- Render methods and their versions on slaves that are not revoked. Rows: name, version ('' when no slave has it),
-- number of slaves, how many of these were seen within a day, mean power per core in thousandths (0: never measured).
-- DR403 not an administrator.
CREATE OR REPLACE PROCEDURE method_list(IN p_administrator_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  CALL admin_check(p_administrator_id);
  SELECT m.name, COALESCE(k.version, '') AS version, COUNT(s.id) AS slaves,
    COUNT(IF(s.last_seen_at > UTC_TIMESTAMP() - INTERVAL 1 DAY, 1, NULL)) AS lately,
    COALESCE(ROUND(AVG(IF(s.id IS NULL, NULL, k.power))), 0) AS power
  FROM render_method m
  LEFT JOIN slave_method k ON k.method_id = m.id
  LEFT JOIN slave s ON s.id = k.slave_id AND s.state <> 'revoked'
  GROUP BY m.name, k.version
  HAVING slaves > 0 OR MAX(k.version) IS NULL
  ORDER BY m.name, k.version LIMIT 1000;
END
