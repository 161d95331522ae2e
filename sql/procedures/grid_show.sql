-- The grid in four numbers: slaves that are not revoked, active jobs, accepted frames of the jobs that are still
-- there, and accounts.
CREATE OR REPLACE PROCEDURE grid_show()
SQL SECURITY DEFINER
BEGIN
  SELECT (SELECT COUNT(*) FROM slave WHERE state <> 'revoked') AS slaves,
    (SELECT COUNT(*) FROM job WHERE state = 'active') AS active_jobs,
    (SELECT COALESCE(SUM(accepted), 0) FROM job) AS accepted_frames,
    (SELECT COUNT(*) FROM user) AS people;
END
