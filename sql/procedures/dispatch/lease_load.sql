-- All leases, for the dispatcher's start. First deletes leases of tasks that are no longer open, which a crash between
-- two batches may leave. Rows: attempt_id, task_id, slave_id, expiry in UNIX ms. No errors.
CREATE OR REPLACE PROCEDURE lease_load()
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  DELETE l FROM lease l LEFT JOIN task t ON t.id = l.task_id WHERE t.id IS NULL OR t.state <> 'ready';
  COMMIT;
  SELECT attempt_id, task_id, slave_id, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', expires_at) DIV 1000 AS expires_ms
  FROM lease ORDER BY attempt_id;
END
