-- The grid in three numbers: slaves that are not revoked, active jobs, accepted frames of the jobs that are still
-- there.
CREATE OR REPLACE PROCEDURE grid_show()
SQL SECURITY DEFINER
BEGIN
  SELECT (SELECT COUNT(*) FROM slave WHERE state <> 'revoked') AS slaves,
    (SELECT COUNT(*) FROM job WHERE state = 'active') AS active_jobs,
    (SELECT COALESCE(SUM(accepted), 0) FROM job) AS accepted_frames;
END
