-- The open tasks of one job or of every active or paused job (p_job_id 0). Only such jobs have open tasks, and a job's
-- tasks are a range of the primary key: no index on the state is needed. Rows: task_id, job_id, frame, failure count.
-- No errors.
CREATE OR REPLACE PROCEDURE task_load(IN p_job_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT t.id, t.job_id, t.frame, t.failure_count
  FROM job j STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id >= j.first_task_id
    AND t.id < j.first_task_id + j.task_count
  WHERE j.state IN ('active', 'paused') AND (p_job_id = 0 OR j.id = p_job_id) AND t.state = 'ready';
END
