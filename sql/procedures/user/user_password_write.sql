-- Part of a transaction: sets a user's password, ends all sessions but that of p_secret_hash ('': all), which are then
-- in the temporary table ended_session, and links to set another. DR400 no password, DR404 no such user.
CREATE OR REPLACE PROCEDURE user_password_write(IN p_user_id BIGINT, IN p_password_hash VARCHAR(255),
  IN p_secret_hash VARBINARY(64))
SQL SECURITY DEFINER
BEGIN
  IF COALESCE(p_password_hash, '') = '' THEN
    CALL error_raise(400, 'a user needs a password');
  END IF;
  CREATE TEMPORARY TABLE IF NOT EXISTS ended_session (secret_hash BINARY(32) NOT NULL PRIMARY KEY) ENGINE=MEMORY;
  DELETE FROM ended_session;
  IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_user_id AND name IS NOT NULL FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  UPDATE user SET password_hash = p_password_hash, failed_logins = 0, locked_until = NULL, revision = revision + 1
  WHERE id = p_user_id;
  UPDATE password_reset SET used_at = UTC_TIMESTAMP(3) WHERE user_id = p_user_id AND used_at IS NULL;
  INSERT INTO ended_session (secret_hash)
  SELECT secret_hash FROM session WHERE user_id = p_user_id AND secret_hash <> p_secret_hash FOR UPDATE;
  DELETE s FROM session s JOIN ended_session e ON e.secret_hash = s.secret_hash;
  INSERT INTO activity (created_at, kind, user_id, message)
  SELECT UTC_TIMESTAMP(3), 'user_password', id, CONCAT(name, ' has a new password') FROM user WHERE id = p_user_id;
END
