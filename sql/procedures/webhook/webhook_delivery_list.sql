-- What was sent to a webhook or waits for it: newest first below p_before (0: from the newest). Rows: id, event, state,
-- number of tries, status of the last answer (0: none), problem, when it was created, is tried next (empty: not any
-- more) and ended. DR404 the user has no such webhook.
CREATE OR REPLACE PROCEDURE webhook_delivery_list(IN p_user_id BIGINT, IN p_webhook_id BIGINT, IN p_before BIGINT,
  IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_before BIGINT DEFAULT IF(p_before > 0, p_before, 9223372036854775807);
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(p_limit, 1), 1001);

  IF NOT EXISTS (SELECT 1 FROM webhook WHERE id = p_webhook_id AND user_id = p_user_id) THEN
    CALL error_raise(404, CONCAT('you have no webhook ', p_webhook_id));
  END IF;
  SELECT id, event, state, try_count, COALESCE(response_status, 0) AS response_status, problem,
    time_text(created_at) AS created_at, time_text(IF(state = 'waiting', due_at, NULL)) AS next_attempt_at,
    time_text(ended_at) AS ended_at
  FROM webhook_delivery FORCE INDEX (webhook_delivery_webhook)
  WHERE webhook_id = p_webhook_id AND id < v_before
  ORDER BY webhook_id DESC, id DESC LIMIT v_limit;
END
