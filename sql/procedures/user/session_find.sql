-- The user of a session. Row: id, name, role. DR403 the user is blocked, DR404 unknown or expired.
CREATE OR REPLACE PROCEDURE session_find(IN p_secret_hash VARBINARY(64))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_user_id BIGINT DEFAULT
    (SELECT user_id FROM session WHERE secret_hash = p_secret_hash AND expires_at > UTC_TIMESTAMP(3));
  IF v_user_id IS NULL THEN
    CALL error_raise(404, 'this session is unknown or has expired; log in again');
  END IF;
  CALL user_blocked_check(v_user_id);
  SELECT id, name, role FROM user WHERE id = v_user_id;
END
