-- A link that holds, of which this counts as a try; five end it. Row: its time of creation in UNIX ms, of which its
-- secret is made. DR404 there is none, it has expired, was used or tried too often.
CREATE OR REPLACE PROCEDURE password_reset_find(IN p_reset_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  UPDATE password_reset SET try_count = try_count + 1
  WHERE id = p_reset_id AND user_id IS NOT NULL AND used_at IS NULL AND expires_at > UTC_TIMESTAMP(3) AND try_count < 5;
  IF ROW_COUNT() = 0 THEN
    CALL error_raise(404, 'this link holds no more');
  END IF;
  COMMIT;
  SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', created_at) DIV 1000 AS created_ms
  FROM password_reset WHERE id = p_reset_id;
END
