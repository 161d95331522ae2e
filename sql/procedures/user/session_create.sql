-- Creates a session, deletes up to a hundred expired ones and the oldest of a user who has a hundred, and records the
-- login of an administrator as activity. DR400 an invalid hash or lifetime, DR403 the user is blocked, DR404 no such
-- user.
CREATE OR REPLACE PROCEDURE session_create(IN p_user_id BIGINT, IN p_secret_hash VARBINARY(64), IN p_lifetime_s BIGINT,
  IN p_address VARCHAR(64), IN p_user_agent VARCHAR(1000))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF LENGTH(p_secret_hash) <> 32 THEN
    CALL error_raise(400, 'a session needs the 32-byte hash of its secret');
  END IF;
  IF p_lifetime_s NOT BETWEEN 1 AND 366 * 86400 THEN
    CALL error_raise(400, CONCAT('a session lasts 1 second to 366 days, not ', p_lifetime_s, ' seconds'));
  END IF;
  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_user_id AND name IS NOT NULL FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  CALL user_blocked_check(p_user_id);
  DELETE FROM session WHERE expires_at <= v_now ORDER BY expires_at LIMIT 100;
  INSERT INTO session (secret_hash, user_id, address, user_agent, created_at, last_seen_at, expires_at)
  VALUES (p_secret_hash, p_user_id, p_address, LEFT(p_user_agent, 200), v_now, v_now,
    v_now + INTERVAL p_lifetime_s SECOND);
  DELETE FROM session WHERE user_id = p_user_id
    AND id <= (SELECT id FROM (SELECT id FROM session WHERE user_id = p_user_id ORDER BY id DESC LIMIT 100, 1) oldest);
  INSERT INTO activity (created_at, kind, user_id, message)
  SELECT v_now, 'admin_login', id, LEFT(CONCAT(name, ' logged in from ', p_address), 1000)
  FROM user WHERE id = p_user_id AND role = 'administrator';
  COMMIT;
END
