-- The unfinished jobs that depend on job p_job_id, directly or through others; with p_ended also finished and failed
-- ones. Rows: job_id. No errors.
CREATE OR REPLACE PROCEDURE job_list_dependents(IN p_job_id BIGINT, IN p_ended BOOLEAN)
SQL SECURITY DEFINER
BEGIN
  WITH RECURSIVE dependent (id) AS (
    SELECT id FROM job WHERE depends_on_job_id = p_job_id
    UNION
    SELECT j.id FROM job j JOIN dependent d ON j.depends_on_job_id = d.id
  )
  SELECT j.id FROM job j JOIN dependent d ON d.id = j.id
  WHERE j.state IN ('active', 'paused') OR (p_ended AND j.state IN ('finished', 'failed')) ORDER BY j.id;
END
