-- Records the result of a try at p_url. p_response_status: 0 when nothing answered. p_problem: '' when it was taken. A
-- failed one is tried again after 1, 5, 15, 60, 180 and 360 minutes, then given up; with p_final at once. p_disable:
-- the receiver wants nothing any more; a webhook that took nothing for five days is disabled, too. When the webhook
-- leads elsewhere by now, the delivery goes there next, and the old address is held against nobody. An ended one stays
-- as it is. No errors.
CREATE OR REPLACE PROCEDURE webhook_delivery_finish(IN p_delivery_id BIGINT, IN p_url VARCHAR(2000),
  IN p_response_status INT, IN p_problem TEXT, IN p_final BOOLEAN, IN p_disable BOOLEAN)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_webhook_id BIGINT;
  DECLARE v_is_current BOOLEAN;
  DECLARE v_disable BOOLEAN;
  DECLARE v_given_up BOOLEAN;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SELECT w.id, w.url = p_url INTO v_webhook_id, v_is_current
  FROM webhook w JOIN webhook_delivery d ON d.webhook_id = w.id
  WHERE d.id = p_delivery_id FOR UPDATE;
  UPDATE webhook_delivery SET
    state = IF(p_problem = '', 'sent',
      IF(v_is_current AND (p_final OR p_disable) OR try_count > 6, 'given_up', 'waiting')),
    ended_at = IF(state = 'waiting', NULL, v_now),
    due_at = v_now + INTERVAL COALESCE(ELT(try_count, 1, 5, 15, 60, 180, 360), 360) MINUTE,
    response_status = NULLIF(p_response_status, 0),
    problem = LEFT(p_problem, 500)
  WHERE id = p_delivery_id AND state = 'waiting';
  UPDATE webhook SET failing_since = IF(p_problem = '', NULL, COALESCE(failing_since, v_now))
  WHERE id = v_webhook_id AND v_is_current;
  SET v_given_up = (SELECT state = 'given_up' FROM webhook_delivery WHERE id = p_delivery_id);
  SET v_disable = v_is_current AND (p_disable OR v_given_up AND EXISTS (SELECT 1 FROM webhook
    WHERE id = v_webhook_id AND failing_since < v_now - INTERVAL 5 DAY));
  IF v_disable THEN
    UPDATE webhook SET is_enabled = FALSE, revision = revision + 1,
      disabled_reason = LEFT(IF(p_disable, p_problem, CONCAT('it took nothing for five days: ', p_problem)), 500)
    WHERE id = v_webhook_id AND is_enabled;
    CALL webhook_give_up(v_webhook_id, 'the webhook was disabled');
  END IF;
  COMMIT;
END
