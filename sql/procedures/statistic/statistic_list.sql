-- Statistics of a user (0: the whole grid) from p_after on (UNIX time), oldest first, by p_step: 'hour', 'day' or
-- 'week' (from Monday). At most 4,000 rows; steps without anything have none. Days that are not rolled up yet come from
-- their hours. DR400 no such step.
CREATE OR REPLACE PROCEDURE statistic_list(IN p_user BIGINT, IN p_after BIGINT, IN p_step VARCHAR(8))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_after DATETIME DEFAULT '1970-01-01' + INTERVAL GREATEST(p_after, 0) SECOND;
  DECLARE v_open DATETIME DEFAULT FROM_DAYS((SELECT next_value FROM counter WHERE name = 'statistic_day'));

  IF p_step NOT IN ('hour', 'day', 'week') THEN
    CALL error_raise(400, CONCAT('there is no step "', p_step, '"; use hour, day or week'));
  END IF;
  IF p_step = 'hour' THEN
    SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', hour_at) AS at, frames, failures, cpu_ms, wall_ms, points, received,
      begun, wait_ms, wait_most_ms, samples, slaves_sum, slaves_most, power_sum, power_most, ready_sum, ready_most,
      leased_sum, leased_most
    FROM statistic_hour
    WHERE user_id = p_user AND hour_at >= v_after
    ORDER BY hour_at LIMIT 4000;
  ELSE
    SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', of_step) AS at, SUM(frames), SUM(failures), SUM(cpu_ms), SUM(wall_ms),
      SUM(points), SUM(received), SUM(begun), SUM(wait_ms), MAX(wait_most_ms), SUM(samples), SUM(slaves_sum),
      MAX(slaves_most), SUM(power_sum), MAX(power_most), SUM(ready_sum), MAX(ready_most), SUM(leased_sum),
      MAX(leased_most)
    FROM (
      SELECT d.*, d.hour_at - INTERVAL IF(p_step = 'week', WEEKDAY(d.hour_at), 0) DAY AS of_step
      FROM statistic_day d
      WHERE d.user_id = p_user AND d.hour_at >= v_after AND d.hour_at < v_open
      UNION ALL
      SELECT h.*, CAST(DATE(h.hour_at) AS DATETIME) - INTERVAL IF(p_step = 'week', WEEKDAY(h.hour_at), 0) DAY
      FROM statistic_hour h
      WHERE h.user_id = p_user AND h.hour_at >= GREATEST(v_after, v_open)
    ) part
    GROUP BY of_step ORDER BY of_step LIMIT 4000;
  END IF;
END
