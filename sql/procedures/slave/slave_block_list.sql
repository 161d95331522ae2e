-- The blocks of a slave (0: of every slave that is not revoked), oldest first. Rows: slave_id, kind, target_id, name
-- of the target, '' of others' projects and jobs. No errors.
CREATE OR REPLACE PROCEDURE slave_block_list(IN p_slave_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT b.slave_id, b.kind, b.target_id, COALESCE(u.name, p.name, j.name, '') AS name
  FROM slave_block b
  JOIN slave s ON s.id = b.slave_id
  LEFT JOIN user u ON b.kind = 'user' AND u.id = b.target_id
  LEFT JOIN project p ON b.kind = 'project' AND p.id = b.target_id AND p.user_id = s.user_id
  LEFT JOIN job j ON b.kind = 'job' AND j.id = b.target_id AND j.user_id = s.user_id
  WHERE IF(p_slave_id = 0, s.state <> 'revoked', b.slave_id = p_slave_id)
  ORDER BY b.slave_id, b.created_at, b.kind, b.target_id;
END
