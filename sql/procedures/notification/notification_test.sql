-- Creates a test notification. DR400 no such channel, DR429 ten were requested within an hour, DR409 the e-mail
-- address is not confirmed.
CREATE OR REPLACE PROCEDURE notification_test(IN p_user_id BIGINT, IN p_channel VARCHAR(16), IN p_message TEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF p_channel NOT IN ('mail', 'browser') THEN
    CALL error_raise(400, CONCAT('there is no channel "', p_channel, '"; use mail or browser'));
  END IF;
  IF p_channel = 'mail' AND NOT EXISTS (SELECT 1 FROM user
      WHERE id = p_user_id AND BINARY email = BINARY confirmed_email) THEN
    CALL error_raise(409, 'no confirmed e-mail address is set; set one, and give the code that is sent there');
  END IF;
  START TRANSACTION;
  IF (SELECT COUNT(*) FROM notification WHERE user_id = p_user_id AND kind = 'test'
      AND created_at > v_now - INTERVAL 1 HOUR) >= 10 THEN
    CALL error_raise(429, 'ten tests within an hour are enough; look at what became of them, and try again later');
  END IF;
  INSERT INTO notification (user_id, kind, channel, message, state, created_at, due_at, ended_at)
  VALUES (p_user_id, 'test', p_channel, LEFT(p_message, 1000), IF(p_channel = 'browser', 'sent', 'waiting'), v_now,
    v_now, IF(p_channel = 'browser', v_now, NULL));
  COMMIT;
END
