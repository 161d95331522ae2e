-- Which open tasks failed on which slaves, in every job that has not ended (p_job 0) or in one.
-- Rows: task, slave. No errors.
CREATE OR REPLACE PROCEDURE failure_load(IN p_job BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT DISTINCT a.task_id, a.slave_id
  FROM job j STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id >= j.first_task AND t.id < j.first_task + j.tasks
    STRAIGHT_JOIN attempt a ON a.task_id = t.id
  WHERE j.state IN ('active', 'paused') AND (p_job = 0 OR j.id = p_job) AND t.state = 'ready' AND t.failures > 0
    AND a.ending IN ('failed', 'rejected') AND NOT a.forgiven;
END
