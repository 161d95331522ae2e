-- The grid in five numbers: slaves that are not revoked, active jobs, accepted frames of the jobs that are still
-- there, accounts, and frames accepted within an hour: those of the hour that runs, and of the one before the part that
-- still counts.
-- One row. No errors.
CREATE OR REPLACE PROCEDURE grid_show()
SQL SECURITY DEFINER
BEGIN
  SELECT (SELECT COUNT(*) FROM slave WHERE state <> 'revoked') AS slaves,
    (SELECT COUNT(*) FROM job WHERE state = 'active') AS active_jobs,
    (SELECT COALESCE(SUM(accepted), 0) FROM job) AS accepted_frames,
    (SELECT COUNT(*) FROM user) AS people,
    (SELECT CAST(COALESCE(SUM(IF(hour_at = DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%d %H:00:00'), frames,
       frames * (3600 - MINUTE(UTC_TIMESTAMP()) * 60 - SECOND(UTC_TIMESTAMP())) / 3600)), 0) AS SIGNED)
     FROM statistic_hour WHERE user_id = 0
       AND hour_at >= DATE_FORMAT(UTC_TIMESTAMP() - INTERVAL 1 HOUR, '%Y-%m-%d %H:00:00')) AS frames_an_hour;
END
