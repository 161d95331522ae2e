-- Gives a webhook another secret; the one before signs, too, for 24 hours. DR400 an invalid secret, DR404 the user has
-- no such webhook, DR412 another revision.
CREATE OR REPLACE PROCEDURE webhook_rotate(IN p_user_id BIGINT, IN p_webhook_id BIGINT, IN p_secret VARCHAR(200))
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CALL webhook_check(NULL, NULL, COALESCE(p_secret, ''));
  START TRANSACTION;
  CALL webhook_lock(p_user_id, p_webhook_id);
  UPDATE webhook SET previous_secret = secret, previous_secret_until = UTC_TIMESTAMP(3) + INTERVAL 24 HOUR,
    secret = p_secret, revision = revision + 1
  WHERE id = p_webhook_id;
  COMMIT;
END
