-- The slaves on which open tasks failed, whether that counted or not, in one job or in every active or paused job
-- (p_job_id 0). Rows: task_id, slave_id, the slave's user_id (0: it was deleted). No errors.
CREATE OR REPLACE PROCEDURE failure_load(IN p_job_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT DISTINCT a.task_id, a.slave_id, COALESCE(s.user_id, 0) AS user_id
  FROM job j STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id >= j.first_task_id
    AND t.id < j.first_task_id + j.task_count
    STRAIGHT_JOIN attempt a ON a.task_id = t.id
    LEFT JOIN slave s ON s.id = a.slave_id
  WHERE j.state IN ('active', 'paused') AND (p_job_id = 0 OR j.id = p_job_id) AND t.state = 'ready'
    AND t.attempt_id IS NOT NULL
    AND a.outcome IN ('failed', 'rejected') AND NOT a.forgiven;
END
