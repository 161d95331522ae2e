-- Before something is sent to a webhook by hand, with the webhook locked: DR409 it is disabled, DR413 60 within an
-- hour.
CREATE OR REPLACE PROCEDURE webhook_request_check(IN p_webhook_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  IF NOT (SELECT is_enabled FROM webhook WHERE id = p_webhook_id) THEN
    CALL error_raise(409, CONCAT('webhook ', p_webhook_id, ' is disabled; enable it first'));
  END IF;
  IF (SELECT COUNT(*) FROM webhook_delivery
      WHERE webhook_id = p_webhook_id AND requested_at > UTC_TIMESTAMP(3) - INTERVAL 1 HOUR) >= 60 THEN
    CALL error_raise(413, '60 tests and repetitions within an hour are enough; look at what became of them');
  END IF;
END
