-- Puts a test into the outbox. Row: id of the delivery. DR404 the user has no such webhook, DR409 it is disabled, DR412
-- another revision of it, DR413 60 tests and repetitions within an hour.
CREATE OR REPLACE PROCEDURE webhook_test(IN p_user_id BIGINT, IN p_webhook_id BIGINT, IN p_message VARCHAR(1000))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_delivery_id BIGINT;
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  CALL webhook_lock(p_user_id, p_webhook_id);
  CALL webhook_request_check(p_webhook_id);
  INSERT INTO webhook_delivery (webhook_id, event, data, occurred_at, created_at, due_at, requested_at)
  VALUES (p_webhook_id, 'webhook.test', JSON_OBJECT('message', p_message), v_now, v_now, v_now, v_now);
  SET v_delivery_id = LAST_INSERT_ID();
  CALL idempotency_created(v_delivery_id);
  COMMIT;
  SELECT v_delivery_id AS id;
END
