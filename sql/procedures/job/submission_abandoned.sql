-- The jobs of submissions that were started p_age_s seconds ago or earlier and are incomplete. Rows: the submission's
-- first job_id, job_id. No errors.
CREATE OR REPLACE PROCEDURE submission_abandoned(IN p_age_s BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT COALESCE(submission_id, id) AS first_job_id, id FROM job
  WHERE state = 'creating' AND created_at <= UTC_TIMESTAMP(3) - INTERVAL p_age_s SECOND
  ORDER BY first_job_id, id;
END
