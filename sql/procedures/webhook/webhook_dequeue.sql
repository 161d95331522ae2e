-- The oldest due delivery, for the caller to send; no other call returns it for five minutes. p_users: JSON [user...],
-- whose webhooks are left for later. Row, if there is one: id, event, data, when it happened, webhook_id, url, secret,
-- the previous secret ('': it no longer signs), user_id. DR400 invalid JSON.
CREATE OR REPLACE PROCEDURE webhook_dequeue(IN p_users TEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_delivery_id BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF NOT JSON_VALID(p_users) THEN
    CALL error_raise(400, 'the users are no JSON');
  END IF;
  START TRANSACTION;
  SELECT d.id INTO v_delivery_id FROM webhook_delivery d FORCE INDEX (webhook_delivery_due)
  STRAIGHT_JOIN webhook w ON w.id = d.webhook_id AND NOT JSON_CONTAINS(p_users, w.user_id)
  STRAIGHT_JOIN user u ON u.id = w.user_id AND u.blocked_at IS NULL
  WHERE d.state = 'waiting' AND d.due_at <= v_now ORDER BY d.due_at, d.id LIMIT 1;
  UPDATE webhook_delivery SET try_count = LEAST(try_count + 1, 250), due_at = v_now + INTERVAL 5 MINUTE
  WHERE id = v_delivery_id AND state = 'waiting' AND due_at <= v_now;
  IF ROW_COUNT() = 0 THEN  -- another call was faster
    SET v_delivery_id = NULL;
  END IF;
  COMMIT;

  SELECT d.id, d.event, d.data, time_text(d.occurred_at) AS occurred_at, w.id AS webhook_id, w.url, w.secret,
    IF(w.previous_secret_until > v_now, w.previous_secret, '') AS previous_secret, w.user_id
  FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id WHERE d.id = v_delivery_id;
END
