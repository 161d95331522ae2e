-- The claims of accepted results in every job that has not ended (p_job 0), or of one: the samples of the fair value.
-- The owner's own results are none.
-- Rows: job, frame, user, claim in millipoints. No errors.
CREATE OR REPLACE PROCEDURE claim_load(IN p_job BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT j.id, t.frame, a.user_id, a.claim
  FROM job j
  STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id >= j.first_task AND t.id < j.first_task + j.tasks
  STRAIGHT_JOIN attempt a ON a.task_id = t.id AND a.id = t.attempt_id
  WHERE j.state IN ('active', 'paused') AND (p_job = 0 OR j.id = p_job) AND t.state = 'accepted' AND a.claim > 0
    AND a.user_id <> j.user_id;
END
