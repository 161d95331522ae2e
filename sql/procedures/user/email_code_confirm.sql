-- Confirms a user's e-mail address by the code that was sent there. Five wrong tries end a code. DR400 a wrong code,
-- DR409 no valid code for the current address.
CREATE OR REPLACE PROCEDURE email_code_confirm(IN p_user_id BIGINT, IN p_code VARCHAR(64))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_code CHAR(8) COLLATE utf8mb4_bin;
  DECLARE v_tries INT;
  DECLARE v_email VARCHAR(254);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SELECT c.code, c.try_count, u.email INTO v_code, v_tries, v_email
  FROM email_code c JOIN user u ON u.id = c.user_id AND BINARY u.email = BINARY c.email
  WHERE c.user_id = p_user_id AND c.expires_at > UTC_TIMESTAMP(3) AND c.try_count < 5 FOR UPDATE;
  IF v_code IS NULL THEN
    CALL error_raise(409, 'no code is valid for this address any more; have another one sent');
  END IF;
  IF v_code = p_code THEN
    UPDATE user SET confirmed_email = v_email WHERE id = p_user_id;
    DELETE FROM email_code WHERE user_id = p_user_id;
    COMMIT;
  ELSE
    UPDATE email_code SET try_count = try_count + 1 WHERE user_id = p_user_id;
    COMMIT; -- a wrong try counts although it fails
    CALL error_raise(400, IF(v_tries >= 4, 'this is not the code, and there were five tries; have another one sent',
      CONCAT('this is not the code; ', 4 - v_tries, IF(v_tries = 3, ' try is left', ' tries are left'))));
  END IF;
END
