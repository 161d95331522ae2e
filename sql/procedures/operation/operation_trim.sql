-- Forgets operations that ended a week ago. No errors.
CREATE OR REPLACE PROCEDURE operation_trim()
SQL SECURITY DEFINER
BEGIN
  DELETE FROM operation WHERE finished_at < UTC_TIMESTAMP(3) - INTERVAL 7 DAY LIMIT 1000;
END
