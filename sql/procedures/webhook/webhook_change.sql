-- Changes a webhook; NULL keeps a value. One that is disabled gives up what waits, one that is enabled hears of what
-- happens from now on. DR400 an invalid value, DR404 the user has no such webhook, DR412 another revision.
CREATE OR REPLACE PROCEDURE webhook_change(IN p_user_id BIGINT, IN p_webhook_id BIGINT, IN p_url VARCHAR(2000),
  IN p_topics VARCHAR(2000), IN p_is_enabled BOOLEAN)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CALL webhook_check(p_url, p_topics, NULL);
  START TRANSACTION;
  CALL webhook_lock(p_user_id, p_webhook_id);
  UPDATE webhook SET
    listens_since = IF(p_is_enabled AND NOT is_enabled, UTC_TIMESTAMP(3), listens_since),
    disabled_reason = IF(p_is_enabled, '', disabled_reason),
    failing_since = IF(p_is_enabled AND NOT is_enabled, NULL, failing_since),
    url = COALESCE(p_url, url), topics = COALESCE(p_topics, topics), is_enabled = COALESCE(p_is_enabled, is_enabled),
    revision = revision + 1
  WHERE id = p_webhook_id;
  IF NOT p_is_enabled THEN
    CALL webhook_give_up(p_webhook_id, 'the webhook was disabled');
  END IF;
  COMMIT;
END
