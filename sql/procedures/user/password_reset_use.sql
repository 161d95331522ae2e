-- Sets the password by a link, once, and ends all sessions. Rows: secret_hash of each session that ended. DR400 no
-- password, DR404 the link holds no more.
CREATE OR REPLACE PROCEDURE password_reset_use(IN p_reset_id BIGINT, IN p_password_hash VARCHAR(255))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_user_id BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SET v_user_id = (SELECT user_id FROM password_reset
    WHERE id = p_reset_id AND used_at IS NULL AND expires_at > UTC_TIMESTAMP(3) FOR UPDATE);
  IF v_user_id IS NULL THEN
    CALL error_raise(404, 'this link holds no more');
  END IF;
  UPDATE password_reset SET used_at = UTC_TIMESTAMP(3) WHERE id = p_reset_id;
  COMMIT;
  CALL user_password_change(v_user_id, p_password_hash, '');
END
