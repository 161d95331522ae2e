-- Takes the oldest queued operation to be done now. Row: id, kind, target_id (0: none), how often it was begun, this
-- time included; no row: none is queued. One server works on operations. No errors.
CREATE OR REPLACE PROCEDURE operation_begin()
SQL SECURITY DEFINER
BEGIN
  DECLARE v_id BIGINT;

  SET v_id = (SELECT MIN(id) FROM operation WHERE state = 'queued');
  UPDATE operation SET state = 'running', try_count = try_count + 1 WHERE id = v_id;
  SELECT id, kind, COALESCE(target_id, 0) AS target_id, try_count FROM operation WHERE id = v_id;
END
