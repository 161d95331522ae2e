-- The grid in one row: slaves that are not revoked, active jobs, accepted frames of existing jobs, users, and frames
-- accepted within the last hour: all of the current hour and a proportional part of the previous one. No errors.
CREATE OR REPLACE PROCEDURE grid_show()
SQL SECURITY DEFINER
BEGIN
  SELECT (SELECT COUNT(*) FROM slave WHERE state <> 'revoked') AS slave_count,
    (SELECT COUNT(*) FROM job WHERE state = 'active') AS active_jobs,
    (SELECT COALESCE(SUM(accepted_count), 0) FROM job) AS accepted_frames,
    (SELECT COUNT(*) FROM user WHERE name IS NOT NULL) AS user_count,
    (SELECT CAST(COALESCE(SUM(IF(starts_at = DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%d %H:00:00'), frames_accepted,
       frames_accepted * (3600 - MINUTE(UTC_TIMESTAMP()) * 60 - SECOND(UTC_TIMESTAMP())) / 3600)), 0) AS SIGNED)
     FROM statistic_hour WHERE user_id = 0
       AND starts_at >= DATE_FORMAT(UTC_TIMESTAMP() - INTERVAL 1 HOUR, '%Y-%m-%d %H:00:00')) AS accepted_last_hour;
END
