-- The remaining boost of one job or of every active or paused job (p_job_id 0); jobs without one are omitted. Rows:
-- job_id, millipoints. No errors.
CREATE OR REPLACE PROCEDURE escrow_load(IN p_job_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT j.id, x.balance
  FROM job j STRAIGHT_JOIN account x ON x.job_id = j.id AND x.kind = 'escrow'
  WHERE j.state IN ('active', 'paused') AND (p_job_id = 0 OR j.id = p_job_id) AND x.balance > 0;
END
