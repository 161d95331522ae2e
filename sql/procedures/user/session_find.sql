-- The user of a session; records its use, once a minute at most. Row: id, name, role. DR403 the user is blocked, DR404
-- unknown or expired, or the account was deleted.
CREATE OR REPLACE PROCEDURE session_find(IN p_secret_hash VARBINARY(64))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_user_id BIGINT;
  DECLARE v_seen_at DATETIME(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  SELECT s.user_id, COALESCE(s.last_seen_at, s.created_at) INTO v_user_id, v_seen_at
  FROM session s JOIN user u ON u.id = s.user_id AND u.name IS NOT NULL
  WHERE s.secret_hash = p_secret_hash AND s.expires_at > v_now;
  IF v_user_id IS NULL THEN
    CALL error_raise(404, 'this session is unknown or has expired; log in again');
  END IF;
  CALL user_blocked_check(v_user_id);
  IF v_seen_at < v_now - INTERVAL 1 MINUTE THEN
    START TRANSACTION;
    UPDATE session SET last_seen_at = v_now WHERE secret_hash = p_secret_hash;
    COMMIT;
  END IF;
  SELECT id, name, role FROM user WHERE id = v_user_id;
END
