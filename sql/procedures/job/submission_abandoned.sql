-- The jobs of submissions that were begun p_age_s seconds ago and are not complete: what a kill left. Rows: submission
-- (its first job), job. No errors.
CREATE OR REPLACE PROCEDURE submission_abandoned(IN p_age_s BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT COALESCE(submission, id) AS of_submission, id FROM job
  WHERE state = 'creating' AND created_at <= UTC_TIMESTAMP(3) - INTERVAL p_age_s SECOND
  ORDER BY of_submission, id;
END
