-- A user's webhooks, oldest first, or the one of p_webhook_id (0: all). Rows: id, revision, url, topics, whether it is
-- enabled, why it is not, since when deliveries fail, until when the previous secret signs, too, and when it was
-- created. Never a secret. No errors.
CREATE OR REPLACE PROCEDURE webhook_list(IN p_user_id BIGINT, IN p_webhook_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT id, revision, url, topics, is_enabled, disabled_reason, time_text(failing_since) AS failing_since,
    time_text(IF(previous_secret_until > UTC_TIMESTAMP(3), previous_secret_until, NULL)) AS previous_secret_until,
    time_text(created_at) AS created_at
  FROM webhook WHERE user_id = p_user_id AND (p_webhook_id = 0 OR id = p_webhook_id) ORDER BY id;
END
