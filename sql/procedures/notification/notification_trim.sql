-- Deletes notifications and deliveries to webhooks of 30 days ago, also those that wait though they were due a day ago:
-- of who is blocked, or of a grid that sends nothing. Deletes expired codes and links. 10,000 rows of each a call.
-- No errors.
CREATE OR REPLACE PROCEDURE notification_trim()
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  DELETE FROM notification WHERE created_at < UTC_TIMESTAMP() - INTERVAL 30 DAY
    AND (state <> 'waiting' OR due_at < UTC_TIMESTAMP() - INTERVAL 1 DAY) LIMIT 10000;
  DELETE FROM webhook_delivery WHERE created_at < UTC_TIMESTAMP() - INTERVAL 30 DAY
    AND (state <> 'waiting' OR due_at < UTC_TIMESTAMP() - INTERVAL 1 DAY) LIMIT 10000;
  DELETE FROM email_code_sent WHERE created_at < UTC_TIMESTAMP() - INTERVAL 1 DAY LIMIT 10000;
  DELETE FROM email_code WHERE expires_at < UTC_TIMESTAMP() LIMIT 10000;
  DELETE FROM password_reset WHERE created_at < UTC_TIMESTAMP() - INTERVAL 1 DAY LIMIT 10000;
  COMMIT;
END
