-- Adds telemetry of hours that are over. p_hours: [[slave, start (UNIX s), samples, samples while rendering, mean and
-- max load, ... CPU, ... memory used, ... temperature, min free disk]...], null for unknown. An existing hour is
-- combined by the numbers of samples; deleted slaves are omitted. Deletes what is older than a year. DR400 invalid
-- JSON.
CREATE OR REPLACE PROCEDURE telemetry_write(IN p_hours LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF NOT JSON_VALID(p_hours) THEN
    CALL error_raise(400, 'the hours are no JSON');
  END IF;
  START TRANSACTION;
  INSERT INTO slave_telemetry_hour (slave_id, starts_at, sample_count, rendering_count, mean_load, max_load,
    mean_cpu_percent, max_cpu_percent, mean_memory_used_mib, max_memory_used_mib, mean_temperature_c, max_temperature_c,
    min_disk_free_mib)
  SELECT n.from_slave_id, '1970-01-01' + INTERVAL n.at SECOND, LEAST(n.sample_count, 60),
    LEAST(n.rendering_count, n.sample_count, 60),
    n.l_mean, n.l_max, n.c_mean, n.c_max, n.m_mean, n.m_max, n.t_mean, n.t_max, n.min_disk
  FROM JSON_TABLE(p_hours, '$[*]' COLUMNS (from_slave_id BIGINT PATH '$[0]', at BIGINT PATH '$[1]',
    sample_count INT PATH '$[2]', rendering_count INT PATH '$[3]', l_mean INT PATH '$[4]', l_max INT PATH '$[5]',
    c_mean INT PATH '$[6]', c_max INT PATH '$[7]', m_mean INT PATH '$[8]', m_max INT PATH '$[9]',
    t_mean INT PATH '$[10]', t_max INT PATH '$[11]', min_disk INT PATH '$[12]')) n
  JOIN slave s ON s.id = n.from_slave_id
  WHERE n.sample_count > 0
  ON DUPLICATE KEY UPDATE
    mean_load = COALESCE((mean_load * slave_telemetry_hour.sample_count + VALUES(mean_load) * VALUES(sample_count))
      DIV (slave_telemetry_hour.sample_count + VALUES(sample_count)), mean_load, VALUES(mean_load)),
    mean_cpu_percent = COALESCE((mean_cpu_percent * slave_telemetry_hour.sample_count
      + VALUES(mean_cpu_percent) * VALUES(sample_count))
      DIV (slave_telemetry_hour.sample_count + VALUES(sample_count)), mean_cpu_percent, VALUES(mean_cpu_percent)),
    mean_memory_used_mib = COALESCE((mean_memory_used_mib * slave_telemetry_hour.sample_count
      + VALUES(mean_memory_used_mib) * VALUES(sample_count))
      DIV (slave_telemetry_hour.sample_count + VALUES(sample_count)), mean_memory_used_mib,
      VALUES(mean_memory_used_mib)),
    mean_temperature_c = COALESCE((mean_temperature_c * slave_telemetry_hour.sample_count
      + VALUES(mean_temperature_c) * VALUES(sample_count))
      DIV (slave_telemetry_hour.sample_count + VALUES(sample_count)), mean_temperature_c, VALUES(mean_temperature_c)),
    max_load = GREATEST(COALESCE(max_load, VALUES(max_load)), COALESCE(VALUES(max_load), max_load)),
    max_cpu_percent = GREATEST(COALESCE(max_cpu_percent, VALUES(max_cpu_percent)),
      COALESCE(VALUES(max_cpu_percent), max_cpu_percent)),
    max_memory_used_mib = GREATEST(COALESCE(max_memory_used_mib, VALUES(max_memory_used_mib)),
      COALESCE(VALUES(max_memory_used_mib), max_memory_used_mib)),
    max_temperature_c = GREATEST(COALESCE(max_temperature_c, VALUES(max_temperature_c)),
      COALESCE(VALUES(max_temperature_c), max_temperature_c)),
    min_disk_free_mib = LEAST(COALESCE(min_disk_free_mib, VALUES(min_disk_free_mib)),
      COALESCE(VALUES(min_disk_free_mib), min_disk_free_mib)),
    rendering_count = LEAST(slave_telemetry_hour.rendering_count + VALUES(rendering_count), 60),
    -- Last: the means above need the old count.
    sample_count = LEAST(slave_telemetry_hour.sample_count + VALUES(sample_count), 60);
  DELETE FROM slave_telemetry_hour WHERE starts_at < UTC_TIMESTAMP() - INTERVAL 1 YEAR LIMIT 10000;
  COMMIT;
END
