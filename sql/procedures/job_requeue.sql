-- Puts the failed tasks of a job back to ready and the job to active; the row that comes back holds how many. Their old
-- failures are forgiven: any slave may try them again. A job without failed tasks stays as it is.
-- DR404 no such job, DR409 it was cancelled, or the job whose output it is made of is gone.
CREATE OR REPLACE PROCEDURE job_requeue(IN p_job BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_state VARCHAR(16);
  DECLARE v_first BIGINT;
  DECLARE v_tasks INT;
  DECLARE v_failed INT;
  DECLARE v_after BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SELECT state, first_task, tasks, failed, after_job INTO v_state, v_first, v_tasks, v_failed, v_after
  FROM job WHERE id = p_job FOR UPDATE;
  IF v_state IS NULL THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job));
  END IF;
  IF v_state = 'cancelled' THEN
    CALL error_raise(409, CONCAT('job ', p_job, ' was cancelled; submit it again to render it'));
  END IF;
  IF v_after IS NOT NULL AND NOT EXISTS (SELECT 1 FROM job WHERE id = v_after) THEN
    CALL error_raise(409, CONCAT('job ', p_job, ' is made of the output of job ', v_after,
      ', which was deleted; submit it again'));
  END IF;
  IF v_failed > 0 THEN
    UPDATE attempt a JOIN task t ON t.id = a.task_id SET a.forgiven = TRUE
    WHERE t.id >= v_first AND t.id < v_first + v_tasks AND t.state = 'failed';
    UPDATE task SET state = 'ready', failures = 0 WHERE id >= v_first AND id < v_first + v_tasks AND state = 'failed';
    DELETE FROM job_failure WHERE job_id = p_job;
    UPDATE job SET state = 'active', reason = '', failed = 0, finished_at = NULL WHERE id = p_job;
  END IF;
  COMMIT;
  SELECT v_failed AS requeued;
END
