-- Creates a webhook. p_topics, p_secret: as in webhook_check. Row: id. DR400 an invalid value, DR404 no such user,
-- DR413 ten webhooks.
CREATE OR REPLACE PROCEDURE webhook_create(IN p_user_id BIGINT, IN p_url VARCHAR(2000), IN p_topics VARCHAR(2000),
  IN p_is_enabled BOOLEAN, IN p_secret VARCHAR(200))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_webhook_id BIGINT;
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CALL webhook_check(COALESCE(p_url, ''), COALESCE(p_topics, '?'), COALESCE(p_secret, ''));
  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_user_id AND name IS NOT NULL FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  IF (SELECT COUNT(*) FROM webhook WHERE user_id = p_user_id) >= 10 THEN
    CALL error_raise(413, 'you have 10 webhooks already; delete one, or let one take more topics');
  END IF;
  INSERT INTO webhook (user_id, url, topics, secret, is_enabled, created_at, listens_since)
  VALUES (p_user_id, p_url, p_topics, p_secret, p_is_enabled, v_now, v_now);
  SET v_webhook_id = LAST_INSERT_ID();
  CALL idempotency_created(v_webhook_id);
  COMMIT;
  SELECT v_webhook_id AS id;
END
