-- Removes requests whose day is over. No errors.
CREATE OR REPLACE PROCEDURE idempotency_trim()
SQL SECURITY DEFINER
BEGIN
  DELETE FROM idempotent_request WHERE created_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY LIMIT 10000;
END
