-- Confirms a user's e-mail address by the code that was sent there. The fifth wrong one ends a code.
-- DR400 a wrong code, DR409 there is none that holds for the address that he has now.
CREATE OR REPLACE PROCEDURE mail_code_try(IN p_user BIGINT, IN p_code VARCHAR(64))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_code CHAR(8) COLLATE utf8mb4_bin;
  DECLARE v_tries INT;
  DECLARE v_email VARCHAR(254);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SELECT c.code, c.tries, u.email INTO v_code, v_tries, v_email
  FROM mail_code c JOIN user u ON u.id = c.user_id AND BINARY u.email = BINARY c.email
  WHERE c.user_id = p_user AND c.expires_at > UTC_TIMESTAMP(3) AND c.tries < 5 FOR UPDATE;
  IF v_code IS NULL THEN
    CALL error_raise(409, 'no code is valid for this address any more; have another one sent');
  END IF;
  IF v_code = p_code THEN
    UPDATE user SET email_confirmed = v_email WHERE id = p_user;
    DELETE FROM mail_code WHERE user_id = p_user;
    COMMIT;
  ELSE
    UPDATE mail_code SET tries = tries + 1 WHERE user_id = p_user;
    COMMIT; -- a wrong try counts although it is refused
    CALL error_raise(400, IF(v_tries >= 4, 'this is not the code, and there were five tries; have another one sent',
      CONCAT('this is not the code; ', 4 - v_tries, IF(v_tries = 3, ' try is left', ' tries are left'))));
  END IF;
END
