-- What is left of the boost of every job that has not ended (p_job 0), or of one; jobs without a boost are left out.
-- Rows: job, millipoints. No errors.
CREATE OR REPLACE PROCEDURE escrow_load(IN p_job BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT j.id, x.balance
  FROM job j STRAIGHT_JOIN account x ON x.job_id = j.id AND x.kind = 'escrow'
  WHERE j.state IN ('active', 'paused') AND (p_job = 0 OR j.id = p_job) AND x.balance > 0;
END
