-- Part of journal_write's transaction, after its jobs are written: adds the work of slaves and the results of jobs to
-- the current hour, for each user and for the whole grid (user 0). A job starts with its first accepted frame: it
-- waited until that frame's rendering began. Jobs that depend on another one are not counted. No errors.
CREATE OR REPLACE PROCEDURE journal_write_statistics()
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);

  INSERT INTO statistic_hour (user_id, starts_at, frames_accepted, attempts_failed, cpu_ms, wall_ms, frames_delivered,
    jobs_started, wait_ms, max_wait_ms)
  SELECT IF(side.n = 0, 0, part.user_id) AS of_user, DATE_FORMAT(v_now, '%Y-%m-%d %H:00:00'), SUM(part.frames_accepted),
    SUM(part.attempts_failed), SUM(part.cpu_ms), SUM(part.wall_ms), SUM(part.frames_delivered), SUM(part.jobs_started),
    SUM(part.wait_ms), MAX(part.wait_ms)
  FROM (
    SELECT s.user_id, SUM(e.is_result) AS frames_accepted,
      SUM(e.outcome IN ('failed', 'rejected', 'expired')) AS attempts_failed,
      SUM(IF(e.is_result, e.cpu_ms, 0)) AS cpu_ms, SUM(IF(e.is_result, e.wall_ms, 0)) AS wall_ms, 0 AS frames_delivered,
      0 AS jobs_started, 0 AS wait_ms
    FROM journal_outcome e STRAIGHT_JOIN slave s FORCE INDEX (PRIMARY) ON s.id = e.slave_id
    WHERE e.is_new AND (e.is_result OR e.outcome IN ('failed', 'rejected', 'expired'))
    GROUP BY s.user_id
    UNION ALL
    SELECT j.user_id, 0, 0, 0, 0, e.accepted, first.jobs_started,
      IF(first.jobs_started, GREATEST(0, TIMESTAMPDIFF(MICROSECOND, COALESCE(j.waiting_since, j.created_at),
        v_now) DIV 1000 - e.wall_ms), 0)
    FROM (SELECT job_id, COUNT(*) AS accepted, MAX(wall_ms) AS wall_ms FROM journal_outcome WHERE is_result
      GROUP BY job_id) e
    STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = e.job_id
    STRAIGHT_JOIN (SELECT 0 AS jobs_started UNION ALL SELECT 1) first
      ON first.jobs_started = (j.accepted_count = e.accepted AND j.depends_on_job_id IS NULL)
  ) part
  STRAIGHT_JOIN (SELECT 0 AS n UNION ALL SELECT 1) side
  GROUP BY of_user ORDER BY of_user
  ON DUPLICATE KEY UPDATE frames_accepted = statistic_hour.frames_accepted + VALUES(frames_accepted),
    attempts_failed = statistic_hour.attempts_failed + VALUES(attempts_failed),
    cpu_ms = statistic_hour.cpu_ms + VALUES(cpu_ms),
    wall_ms = statistic_hour.wall_ms + VALUES(wall_ms),
    frames_delivered = statistic_hour.frames_delivered + VALUES(frames_delivered),
    jobs_started = statistic_hour.jobs_started + VALUES(jobs_started),
    wait_ms = statistic_hour.wait_ms + VALUES(wait_ms),
    max_wait_ms = GREATEST(statistic_hour.max_wait_ms, VALUES(max_wait_ms));
END
