-- Adds a sample of the current state, once a minute. p_rows: [[user, slaves online, power, frames ready, frames
-- leased]...], user 0 is the whole grid, power in thousandths of a reference core. Users without any are omitted.
-- DR400 invalid JSON.
CREATE OR REPLACE PROCEDURE statistic_sample(IN p_rows LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF NOT JSON_VALID(p_rows) THEN
    CALL error_raise(400, 'the samples are no JSON');
  END IF;
  START TRANSACTION;
  INSERT INTO statistic_hour (user_id, starts_at, sample_count, sum_slaves_online, max_slaves_online, sum_power_online,
    max_power_online, sum_frames_ready, max_frames_ready, sum_frames_leased, max_frames_leased)
  SELECT n.of_user, DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%d %H:00:00'), 1, n.slaves, n.slaves, n.power, n.power,
    n.ready, n.ready, n.leased, n.leased
  FROM JSON_TABLE(p_rows, '$[*]' COLUMNS (of_user BIGINT PATH '$[0]', slaves BIGINT PATH '$[1]',
    power BIGINT PATH '$[2]', ready BIGINT PATH '$[3]', leased BIGINT PATH '$[4]')) n
  WHERE n.of_user >= 0
  ORDER BY n.of_user
  ON DUPLICATE KEY UPDATE sample_count = statistic_hour.sample_count + 1,
    sum_slaves_online = statistic_hour.sum_slaves_online + VALUES(sum_slaves_online),
    max_slaves_online = GREATEST(statistic_hour.max_slaves_online, VALUES(max_slaves_online)),
    sum_power_online = statistic_hour.sum_power_online + VALUES(sum_power_online),
    max_power_online = GREATEST(statistic_hour.max_power_online, VALUES(max_power_online)),
    sum_frames_ready = statistic_hour.sum_frames_ready + VALUES(sum_frames_ready),
    max_frames_ready = GREATEST(statistic_hour.max_frames_ready, VALUES(max_frames_ready)),
    sum_frames_leased = statistic_hour.sum_frames_leased + VALUES(sum_frames_leased),
    max_frames_leased = GREATEST(statistic_hour.max_frames_leased, VALUES(max_frames_leased));
  COMMIT;
END
