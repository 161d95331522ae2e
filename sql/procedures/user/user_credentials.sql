-- What a login needs. Row: id, name, role, password_hash, milliseconds that the user stays locked. DR404 no such user.
CREATE OR REPLACE PROCEDURE user_credentials(IN p_name VARCHAR(1000))
SQL SECURITY DEFINER
BEGIN
  IF NOT EXISTS (SELECT 1 FROM user WHERE name = p_name) THEN
    CALL error_raise(404, 'there is no user of this name');
  END IF;
  SELECT id, name, role, password_hash,
    GREATEST(0, COALESCE(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), locked_until) DIV 1000, 0)) AS locked_for_ms
  FROM user WHERE name = p_name;
END
