-- How much there is now, asked once a minute. p_rows: [[user, slaves online, power, frames ready, frames leased]...],
-- user 0 the whole grid, power in thousandths of a reference core. Users who have nothing are left out. DR400 no JSON.
CREATE OR REPLACE PROCEDURE statistic_sample(IN p_rows LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF NOT JSON_VALID(p_rows) THEN
    CALL error_raise(400, 'the samples are no JSON');
  END IF;
  START TRANSACTION;
  INSERT INTO statistic_hour (user_id, hour_at, samples, slaves_sum, slaves_most, power_sum, power_most, ready_sum,
    ready_most, leased_sum, leased_most)
  SELECT n.of_user, DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%d %H:00:00'), 1, n.slaves, n.slaves, n.power, n.power,
    n.ready, n.ready, n.leased, n.leased
  FROM JSON_TABLE(p_rows, '$[*]' COLUMNS (of_user BIGINT PATH '$[0]', slaves BIGINT PATH '$[1]',
    power BIGINT PATH '$[2]', ready BIGINT PATH '$[3]', leased BIGINT PATH '$[4]')) n
  WHERE n.of_user >= 0
  ORDER BY n.of_user
  ON DUPLICATE KEY UPDATE samples = statistic_hour.samples + 1,
    slaves_sum = statistic_hour.slaves_sum + VALUES(slaves_sum),
    slaves_most = GREATEST(statistic_hour.slaves_most, VALUES(slaves_most)),
    power_sum = statistic_hour.power_sum + VALUES(power_sum),
    power_most = GREATEST(statistic_hour.power_most, VALUES(power_most)),
    ready_sum = statistic_hour.ready_sum + VALUES(ready_sum),
    ready_most = GREATEST(statistic_hour.ready_most, VALUES(ready_most)),
    leased_sum = statistic_hour.leased_sum + VALUES(leased_sum),
    leased_most = GREATEST(statistic_hour.leased_most, VALUES(leased_most));
  COMMIT;
END
