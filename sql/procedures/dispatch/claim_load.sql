-- The claims of accepted results, samples of the fair value, in one job or in every active or paused job (p_job_id 0);
-- without those of the job's owner. Rows: job_id, frame, user_id, claim in millipoints. No errors.
CREATE OR REPLACE PROCEDURE claim_load(IN p_job_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT j.id, t.frame, a.user_id, a.claim
  FROM job j
  STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id >= j.first_task_id AND t.id < j.first_task_id + j.task_count
  STRAIGHT_JOIN attempt a ON a.task_id = t.id AND a.id = t.attempt_id
  WHERE j.state IN ('active', 'paused') AND (p_job_id = 0 OR j.id = p_job_id) AND t.state = 'accepted' AND a.claim > 0
    AND a.user_id <> j.user_id;
END
