-- Sums the hours of each day that is over up into that day, once; called every minute, it has something to do once a
-- day. A day ends five minutes late, so that a batch which began before midnight is in it. Hours older than 40 days and
-- days older than 10 years go, some at a time. Row: days rolled up now.
-- No errors.
CREATE OR REPLACE PROCEDURE statistic_roll()
SQL SECURITY DEFINER
BEGIN
  DECLARE v_over BIGINT DEFAULT TO_DAYS(UTC_TIMESTAMP() - INTERVAL 5 MINUTE);  -- days before this one are over
  DECLARE v_next BIGINT;
  DECLARE v_from DATETIME;
  DECLARE v_rolled INT DEFAULT 0;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  -- Before the first hour that is kept there is nothing to sum up: after a long sleep no day is looked at in vain.
  roll: LOOP
    START TRANSACTION;
    SELECT next_value INTO v_next FROM counter WHERE name = 'statistic_day' FOR UPDATE;
    SET v_next = GREATEST(v_next, COALESCE((SELECT TO_DAYS(MIN(hour_at)) FROM statistic_hour), v_over));
    IF v_next >= v_over OR v_rolled >= 50 THEN
      UPDATE counter SET next_value = v_over WHERE name = 'statistic_day' AND v_next >= v_over AND next_value < v_over;
      COMMIT;
      LEAVE roll;
    END IF;
    SET v_from = FROM_DAYS(v_next);
    INSERT INTO statistic_day
    SELECT user_id, v_from, SUM(frames), SUM(failures), SUM(cpu_ms), SUM(wall_ms), SUM(points), SUM(received),
      SUM(begun), SUM(wait_ms), MAX(wait_most_ms), SUM(samples), SUM(slaves_sum), MAX(slaves_most), SUM(power_sum),
      MAX(power_most), SUM(ready_sum), MAX(ready_most), SUM(leased_sum), MAX(leased_most)
    FROM statistic_hour FORCE INDEX (statistic_hour_hour_at)
    WHERE hour_at >= v_from AND hour_at < v_from + INTERVAL 1 DAY
    GROUP BY user_id
    ON DUPLICATE KEY UPDATE frames = VALUES(frames), failures = VALUES(failures), cpu_ms = VALUES(cpu_ms),
      wall_ms = VALUES(wall_ms), points = VALUES(points), received = VALUES(received), begun = VALUES(begun),
      wait_ms = VALUES(wait_ms), wait_most_ms = VALUES(wait_most_ms), samples = VALUES(samples),
      slaves_sum = VALUES(slaves_sum), slaves_most = VALUES(slaves_most), power_sum = VALUES(power_sum),
      power_most = VALUES(power_most), ready_sum = VALUES(ready_sum), ready_most = VALUES(ready_most),
      leased_sum = VALUES(leased_sum), leased_most = VALUES(leased_most);
    UPDATE counter SET next_value = v_next + 1 WHERE name = 'statistic_day';
    COMMIT;
    SET v_rolled = v_rolled + 1;
  END LOOP;

  START TRANSACTION;
  DELETE FROM statistic_hour
  WHERE hour_at < LEAST(UTC_TIMESTAMP() - INTERVAL 40 DAY,
    FROM_DAYS((SELECT next_value FROM counter WHERE name = 'statistic_day'))) LIMIT 20000;
  DELETE FROM statistic_day WHERE hour_at < UTC_TIMESTAMP() - INTERVAL 10 YEAR LIMIT 20000;
  COMMIT;
  SELECT v_rolled AS days;
END
