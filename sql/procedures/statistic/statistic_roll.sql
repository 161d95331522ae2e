-- Rolls the hours of each day that is over up into that day, once; to be called every minute. A day ends five minutes
-- late, so that it includes batches that started before midnight. Deletes hours older than 40 days and days older than
-- 10 years, 20,000 a call. Row: days rolled up. No errors.
CREATE OR REPLACE PROCEDURE statistic_roll()
SQL SECURITY DEFINER
BEGIN
  DECLARE v_over BIGINT DEFAULT TO_DAYS(UTC_TIMESTAMP() - INTERVAL 5 MINUTE);  -- days before this one are over
  DECLARE v_next BIGINT;
  DECLARE v_from DATETIME;
  DECLARE v_rolled INT DEFAULT 0;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  -- Skips the days before the first hour, for a server that was stopped for long.
  roll: LOOP
    START TRANSACTION;
    SELECT next_value INTO v_next FROM counter WHERE name = 'statistic_day' FOR UPDATE;
    SET v_next = GREATEST(v_next, COALESCE((SELECT TO_DAYS(MIN(starts_at)) FROM statistic_hour), v_over));
    IF v_next >= v_over OR v_rolled >= 50 THEN
      UPDATE counter SET next_value = v_over WHERE name = 'statistic_day' AND v_next >= v_over AND next_value < v_over;
      COMMIT;
      LEAVE roll;
    END IF;
    SET v_from = FROM_DAYS(v_next);
    INSERT INTO statistic_day
    SELECT user_id, v_from, SUM(frames_accepted), SUM(attempts_failed), SUM(cpu_ms), SUM(wall_ms), SUM(points_earned),
      SUM(frames_delivered), SUM(jobs_started), SUM(wait_ms), MAX(max_wait_ms), SUM(sample_count),
      SUM(sum_slaves_online), MAX(max_slaves_online), SUM(sum_power_online), MAX(max_power_online),
      SUM(sum_frames_ready), MAX(max_frames_ready), SUM(sum_frames_leased), MAX(max_frames_leased)
    FROM statistic_hour FORCE INDEX (statistic_hour_starts_at)
    WHERE starts_at >= v_from AND starts_at < v_from + INTERVAL 1 DAY
    GROUP BY user_id
    ON DUPLICATE KEY UPDATE frames_accepted = VALUES(frames_accepted), attempts_failed = VALUES(attempts_failed),
      cpu_ms = VALUES(cpu_ms), wall_ms = VALUES(wall_ms), points_earned = VALUES(points_earned),
      frames_delivered = VALUES(frames_delivered), jobs_started = VALUES(jobs_started), wait_ms = VALUES(wait_ms),
      max_wait_ms = VALUES(max_wait_ms), sample_count = VALUES(sample_count),
      sum_slaves_online = VALUES(sum_slaves_online), max_slaves_online = VALUES(max_slaves_online),
      sum_power_online = VALUES(sum_power_online), max_power_online = VALUES(max_power_online),
      sum_frames_ready = VALUES(sum_frames_ready), max_frames_ready = VALUES(max_frames_ready),
      sum_frames_leased = VALUES(sum_frames_leased), max_frames_leased = VALUES(max_frames_leased);
    UPDATE counter SET next_value = v_next + 1 WHERE name = 'statistic_day';
    COMMIT;
    SET v_rolled = v_rolled + 1;
  END LOOP;

  START TRANSACTION;
  DELETE FROM statistic_hour
  WHERE starts_at < LEAST(UTC_TIMESTAMP() - INTERVAL 40 DAY,
    FROM_DAYS((SELECT next_value FROM counter WHERE name = 'statistic_day'))) LIMIT 20000;
  DELETE FROM statistic_day WHERE starts_at < UTC_TIMESTAMP() - INTERVAL 10 YEAR LIMIT 20000;
  COMMIT;
  SELECT v_rolled AS days;
END
