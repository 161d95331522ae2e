-- The task of a job that was accepted last; 0: none was. Attempts are numbered when they begin, which is close enough
-- to the order in which they end. One row: task_id. DR404 no such job.
CREATE OR REPLACE PROCEDURE task_latest(IN p_job_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_from BIGINT;
  DECLARE v_to BIGINT;
  DECLARE v_task_id BIGINT DEFAULT 0;

  SELECT first_task_id, first_task_id + task_count INTO v_from, v_to FROM job
    WHERE id = p_job_id AND state <> 'creating';
  IF v_to IS NULL THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job_id));
  END IF;
  SELECT COALESCE((SELECT id FROM task WHERE id >= v_from AND id < v_to AND state = 'accepted'
                   ORDER BY attempt_id DESC LIMIT 1), 0) INTO v_task_id;
  SELECT v_task_id AS task;
END
