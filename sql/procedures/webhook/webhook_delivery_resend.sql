-- Puts a delivery that has ended into the outbox again, under the same number. DR404 the user has no such webhook, or
-- it no such delivery, DR409 it waits already, or the webhook is disabled, DR412 another revision of the webhook, DR413
-- 60 tests and repetitions within an hour.
CREATE OR REPLACE PROCEDURE webhook_delivery_resend(IN p_user_id BIGINT, IN p_webhook_id BIGINT,
  IN p_delivery_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_state VARCHAR(16);
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  CALL webhook_lock(p_user_id, p_webhook_id);
  SELECT state INTO v_state FROM webhook_delivery WHERE id = p_delivery_id AND webhook_id = p_webhook_id FOR UPDATE;
  IF v_state IS NULL THEN
    CALL error_raise(404, CONCAT('webhook ', p_webhook_id, ' has no delivery ', p_delivery_id));
  END IF;
  IF v_state = 'waiting' THEN
    CALL error_raise(409, CONCAT('delivery ', p_delivery_id, ' is in the outbox already'));
  END IF;
  CALL webhook_request_check(p_webhook_id);
  UPDATE webhook_delivery SET state = 'waiting', try_count = 0, due_at = v_now, ended_at = NULL, requested_at = v_now,
    response_status = NULL, problem = ''
  WHERE id = p_delivery_id;
  COMMIT;
END
