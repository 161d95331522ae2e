-- Creates an invitation, by a moderator or an administrator, and deletes those that expired a month ago. Row: id. DR400
-- an invalid value, DR403 neither, DR413 a hundred are open.
CREATE OR REPLACE PROCEDURE invitation_create(IN p_user_id BIGINT, IN p_note VARCHAR(1000), IN p_valid_ms BIGINT,
  IN p_secret_hash VARBINARY(64))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_id BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF CHAR_LENGTH(TRIM(p_note)) > 100 THEN
    CALL error_raise(400, 'the note of an invitation has at most 100 characters');
  END IF;
  IF p_valid_ms NOT BETWEEN 60000 AND 90 * 86400000 THEN
    CALL error_raise(400, CONCAT('an invitation holds a minute to 90 days, not ', p_valid_ms, ' ms'));
  END IF;
  IF LENGTH(p_secret_hash) <> 32 THEN
    CALL error_raise(400, 'an invitation needs the 32-byte hash of its secret');
  END IF;
  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_user_id AND role <> 'user' AND blocked_at IS NULL FOR UPDATE) THEN
    CALL error_raise(403, 'moderators and administrators invite; ask one of them');
  END IF;
  DELETE FROM invitation WHERE expires_at < v_now - INTERVAL 30 DAY;
  IF (SELECT COUNT(*) FROM invitation WHERE user_id = p_user_id AND used_at IS NULL AND expires_at > v_now) >= 100 THEN
    CALL error_raise(413, 'you have 100 open invitations already; revoke some');
  END IF;
  INSERT INTO invitation (secret_hash, user_id, note, created_at, expires_at)
  VALUES (p_secret_hash, p_user_id, TRIM(p_note), v_now, v_now + INTERVAL (p_valid_ms * 1000) MICROSECOND);
  SET v_id = LAST_INSERT_ID();
  CALL idempotency_created(v_id);
  COMMIT;
  SELECT v_id AS id;
END
