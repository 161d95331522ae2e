-- Sets the password by a link, once, and ends all sessions and other links. Rows: secret_hash of each session that
-- ended. DR400 no password, DR404 the link holds no more.
CREATE OR REPLACE PROCEDURE password_reset_use(IN p_reset_id BIGINT, IN p_password_hash VARCHAR(255))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_user_id BIGINT DEFAULT (SELECT user_id FROM password_reset WHERE id = p_reset_id);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  DO (SELECT id FROM user WHERE id = v_user_id FOR UPDATE);  -- first, as whatever else ends links
  IF v_user_id IS NULL OR NOT EXISTS (SELECT 1 FROM password_reset
      WHERE id = p_reset_id AND used_at IS NULL AND expires_at > UTC_TIMESTAMP(3) FOR UPDATE) THEN
    CALL error_raise(404, 'this link holds no more');
  END IF;
  CALL user_password_write(v_user_id, p_password_hash, '');
  COMMIT;
  SELECT secret_hash FROM ended_session;
END
