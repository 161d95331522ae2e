-- The numbers of the unfinished jobs that are made of the output of job p_job, and of those made of theirs.
CREATE OR REPLACE PROCEDURE job_list_after(IN p_job BIGINT)
SQL SECURITY DEFINER
BEGIN
  WITH RECURSIVE later (id) AS (
    SELECT id FROM job WHERE after_job = p_job
    UNION
    SELECT j.id FROM job j JOIN later l ON j.after_job = l.id
  )
  SELECT j.id FROM job j JOIN later l ON l.id = j.id WHERE j.state IN ('active', 'paused') ORDER BY j.id;
END
