-- What is kept from a slave (0: from every slave that is not revoked), oldest first. Row: slave, kind, target, its
-- name. No errors.
CREATE OR REPLACE PROCEDURE slave_block_list(IN p_slave BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT b.slave_id, b.kind, b.target, COALESCE(u.name, p.name, j.name, '') AS name
  FROM slave_block b
  JOIN slave s ON s.id = b.slave_id
  LEFT JOIN user u ON b.kind = 'user' AND u.id = b.target
  LEFT JOIN project p ON b.kind = 'project' AND p.id = b.target
  LEFT JOIN job j ON b.kind = 'job' AND j.id = b.target
  WHERE IF(p_slave = 0, s.state <> 'revoked', b.slave_id = p_slave)
  ORDER BY b.slave_id, b.created_at, b.kind, b.target;
END
