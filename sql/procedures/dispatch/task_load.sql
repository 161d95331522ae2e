-- The open tasks of every job that has not ended (p_job 0), or of one. Open tasks exist in such jobs only, and a job's
-- tasks are a range of the primary key, so no index on the state is needed.
-- Rows: task, job, frame, failures. No errors.
CREATE OR REPLACE PROCEDURE task_load(IN p_job BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT t.id, t.job_id, t.frame, t.failures
  FROM job j STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id >= j.first_task AND t.id < j.first_task + j.tasks
  WHERE j.state IN ('active', 'paused') AND (p_job = 0 OR j.id = p_job) AND t.state = 'ready';
END
