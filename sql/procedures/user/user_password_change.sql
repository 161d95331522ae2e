-- Sets a user's password and ends all sessions but the one that asks (p_secret_hash; '': all), and links to set
-- another. API tokens stay. Rows: secret_hash of each session that ended. DR400 no password, DR404 no such user.
CREATE OR REPLACE PROCEDURE user_password_change(IN p_user_id BIGINT, IN p_password_hash VARCHAR(255),
  IN p_secret_hash VARBINARY(64))
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  CALL user_password_write(p_user_id, p_password_hash, p_secret_hash);
  COMMIT;
  SELECT secret_hash FROM ended_session;
END
