-- A link that holds; whoever asks may know no more than its number. Row: its time of creation in UNIX ms, of which its
-- secret is made. DR404 there is none, it has expired or was used.
CREATE OR REPLACE PROCEDURE password_reset_find(IN p_reset_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  IF NOT EXISTS (SELECT 1 FROM password_reset
      WHERE id = p_reset_id AND user_id IS NOT NULL AND used_at IS NULL AND expires_at > UTC_TIMESTAMP(3)) THEN
    CALL error_raise(404, 'this link holds no more');
  END IF;
  SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', created_at) DIV 1000 AS created_ms
  FROM password_reset WHERE id = p_reset_id;
END
