-- Part of journal_write's transaction, after its jobs are written: adds what slaves did and what jobs got to the hour
-- that runs, for each user and for the whole grid (user 0). A job has begun when its first frame is accepted: it waited
-- until that frame's rendering began. One that is made of another job's output waits for that one and is not counted.
-- No errors.
CREATE OR REPLACE PROCEDURE journal_write_statistics()
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);

  INSERT INTO statistic_hour (user_id, hour_at, frames, failures, cpu_ms, wall_ms, received, begun, wait_ms,
    wait_most_ms)
  SELECT IF(side.n = 0, 0, part.user_id) AS of_user, DATE_FORMAT(v_now, '%Y-%m-%d %H:00:00'), SUM(part.frames),
    SUM(part.failures), SUM(part.cpu_ms), SUM(part.wall_ms), SUM(part.received), SUM(part.begun), SUM(part.wait_ms),
    MAX(part.wait_ms)
  FROM (
    SELECT s.user_id, SUM(e.won) AS frames, SUM(e.ending IN ('failed', 'rejected', 'expired')) AS failures,
      SUM(IF(e.won, e.cpu_ms, 0)) AS cpu_ms, SUM(IF(e.won, e.wall_ms, 0)) AS wall_ms, 0 AS received, 0 AS begun,
      0 AS wait_ms
    FROM journal_ending e STRAIGHT_JOIN slave s FORCE INDEX (PRIMARY) ON s.id = e.slave_id
    WHERE e.fresh AND (e.won OR e.ending IN ('failed', 'rejected', 'expired'))
    GROUP BY s.user_id
    UNION ALL
    SELECT j.user_id, 0, 0, 0, 0, e.won, first.begun,
      IF(first.begun, GREATEST(0, TIMESTAMPDIFF(MICROSECOND, COALESCE(j.waits_since, j.created_at), v_now) DIV 1000
        - e.wall_ms), 0)
    FROM (SELECT job_id, COUNT(*) AS won, MAX(wall_ms) AS wall_ms FROM journal_ending WHERE won GROUP BY job_id) e
    STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = e.job_id
    STRAIGHT_JOIN (SELECT 0 AS begun UNION ALL SELECT 1) first
      ON first.begun = (j.accepted = e.won AND j.after_job IS NULL)
  ) part
  STRAIGHT_JOIN (SELECT 0 AS n UNION ALL SELECT 1) side
  GROUP BY of_user ORDER BY of_user
  ON DUPLICATE KEY UPDATE frames = statistic_hour.frames + VALUES(frames),
    failures = statistic_hour.failures + VALUES(failures), cpu_ms = statistic_hour.cpu_ms + VALUES(cpu_ms),
    wall_ms = statistic_hour.wall_ms + VALUES(wall_ms), received = statistic_hour.received + VALUES(received),
    begun = statistic_hour.begun + VALUES(begun), wait_ms = statistic_hour.wait_ms + VALUES(wait_ms),
    wait_most_ms = GREATEST(statistic_hour.wait_most_ms, VALUES(wait_most_ms));
END
