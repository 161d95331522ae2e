-- The job of a task. One row: job_id. DR404 no such task.
CREATE OR REPLACE PROCEDURE task_job(IN p_task_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_job_id BIGINT;

  -- Tasks of a job have consecutive numbers: the job that begins last before this one has it, or none.
  SELECT IF(p_task_id < first_task_id + task_count AND state <> 'creating', id, NULL) INTO v_job_id
  FROM job WHERE first_task_id <= p_task_id ORDER BY first_task_id DESC LIMIT 1;
  IF v_job_id IS NULL THEN
    CALL error_raise(404, CONCAT('there is no task ', p_task_id));
  END IF;
  SELECT v_job_id AS job_id;
END
