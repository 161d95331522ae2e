-- The task of a job whose frame was accepted last (task), 0 when none was. DR404 when there is no such job. Attempts
-- are numbered as they are given out, which is near enough to the order in which they end. One row.
CREATE OR REPLACE PROCEDURE task_latest(IN p_job BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_from BIGINT;
  DECLARE v_to BIGINT;
  DECLARE v_task BIGINT DEFAULT 0;

  SELECT first_task, first_task + tasks INTO v_from, v_to FROM job WHERE id = p_job AND state <> 'creating';
  IF v_to IS NULL THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job));
  END IF;
  SELECT COALESCE((SELECT id FROM task WHERE id >= v_from AND id < v_to AND state = 'accepted'
                   ORDER BY attempt_id DESC LIMIT 1), 0) INTO v_task;
  SELECT v_task AS task;
END
