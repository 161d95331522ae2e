-- Statistics of a user (0: the whole grid) from p_after on (UNIX s), oldest first, by p_step: 'hour', 'day' or 'week'
-- (from Monday). At most 4,000 rows; empty steps are omitted. Days that are not rolled up yet are summed from their
-- hours. DR400 no such step.
CREATE OR REPLACE PROCEDURE statistic_list(IN p_user_id BIGINT, IN p_after BIGINT, IN p_step VARCHAR(8))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_after DATETIME DEFAULT '1970-01-01' + INTERVAL GREATEST(p_after, 0) SECOND;
  DECLARE v_open DATETIME DEFAULT FROM_DAYS((SELECT next_value FROM counter WHERE name = 'statistic_day'));

  IF p_step NOT IN ('hour', 'day', 'week') THEN
    CALL error_raise(400, CONCAT('there is no step "', p_step, '"; use hour, day or week'));
  END IF;
  IF p_step = 'hour' THEN
    SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', starts_at) AS at, frames_accepted, attempts_failed, cpu_ms, wall_ms,
      points_earned, frames_delivered, jobs_started, wait_ms, max_wait_ms, sample_count, sum_slaves_online,
      max_slaves_online, sum_power_online, max_power_online, sum_frames_ready, max_frames_ready, sum_frames_leased,
      max_frames_leased
    FROM statistic_hour
    WHERE user_id = p_user_id AND starts_at >= v_after
    ORDER BY starts_at LIMIT 4000;
  ELSE
    SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', of_step) AS at, SUM(frames_accepted), SUM(attempts_failed), SUM(cpu_ms),
      SUM(wall_ms), SUM(points_earned), SUM(frames_delivered), SUM(jobs_started), SUM(wait_ms), MAX(max_wait_ms),
      SUM(sample_count), SUM(sum_slaves_online), MAX(max_slaves_online), SUM(sum_power_online), MAX(max_power_online),
      SUM(sum_frames_ready), MAX(max_frames_ready), SUM(sum_frames_leased), MAX(max_frames_leased)
    FROM (
      SELECT d.*, d.starts_at - INTERVAL IF(p_step = 'week', WEEKDAY(d.starts_at), 0) DAY AS of_step
      FROM statistic_day d
      WHERE d.user_id = p_user_id AND d.starts_at >= v_after AND d.starts_at < v_open
      UNION ALL
      SELECT h.*, CAST(DATE(h.starts_at) AS DATETIME) - INTERVAL IF(p_step = 'week', WEEKDAY(h.starts_at), 0) DAY
      FROM statistic_hour h
      WHERE h.user_id = p_user_id AND h.starts_at >= GREATEST(v_after, v_open)
    ) part
    GROUP BY of_step ORDER BY of_step LIMIT 4000;
  END IF;
END
