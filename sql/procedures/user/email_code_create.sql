-- Sends a code to a user's e-mail address, which confirms it; valid for two hours, replaces the previous one. p_code:
-- 8 digits. DR400 not a code, DR404 no such user, DR409 no address, or it is confirmed, DR429 six codes were requested
-- within a day, or three for this address by any users.
CREATE OR REPLACE PROCEDURE email_code_create(IN p_user_id BIGINT, IN p_code VARCHAR(64))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_email VARCHAR(254);
  DECLARE v_confirmed VARCHAR(254);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF p_code IS NULL OR p_code NOT REGEXP '^[0-9]{8}\\z' THEN
    CALL error_raise(400, 'a code has 8 digits');
  END IF;
  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_user_id FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  SELECT email, confirmed_email INTO v_email, v_confirmed FROM user WHERE id = p_user_id;
  IF v_email IS NULL THEN
    CALL error_raise(409, 'no e-mail address is set; save one first');
  END IF;
  IF BINARY v_email <=> BINARY v_confirmed THEN
    CALL error_raise(409, CONCAT(v_email, ' is confirmed already'));
  END IF;
  IF (SELECT COUNT(*) FROM email_code_sent WHERE user_id = p_user_id AND created_at > v_now - INTERVAL 1 DAY) >= 6
    OR (SELECT COUNT(*) FROM email_code_sent WHERE email = v_email AND created_at > v_now - INTERVAL 1 DAY) >= 3 THEN
    CALL error_raise(429, CONCAT('enough codes were sent to ', v_email,
      ' for a day; look there for the latest, also among unwanted mail'));
  END IF;
  INSERT INTO email_code_sent (user_id, email, created_at) VALUES (p_user_id, v_email, v_now);
  REPLACE INTO email_code (user_id, email, code, try_count, expires_at)
  VALUES (p_user_id, v_email, p_code, 0, v_now + INTERVAL 2 HOUR);
  UPDATE notification SET state = 'given_up', ended_at = v_now, problem = 'another code was asked for'
  WHERE user_id = p_user_id AND kind = 'confirm' AND state = 'waiting';
  INSERT INTO notification (user_id, kind, channel, message, created_at, due_at)
  VALUES (p_user_id, 'confirm', 'mail', CONCAT('The code that confirms ', v_email), v_now, v_now);
  COMMIT;
END
