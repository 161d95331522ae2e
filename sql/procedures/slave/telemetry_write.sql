-- What slaves said of their machines in hours that are over. p_hours: [[slave, unix time, samples, rendering, load mean
-- and most, cpu ..., memory ..., temperature ..., least disk]...], null for what is not known. An hour that is there
-- already is added to, by the weight of its samples; slaves that are gone are left out. What is older than a year goes.
-- DR400 no JSON.
CREATE OR REPLACE PROCEDURE telemetry_write(IN p_hours LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF NOT JSON_VALID(p_hours) THEN
    CALL error_raise(400, 'the hours are no JSON');
  END IF;
  START TRANSACTION;
  INSERT INTO slave_hour (slave_id, hour_at, samples, rendering, load_mean, load_max, cpu_mean, cpu_max, memory_mean,
    memory_max, temperature_mean, temperature_max, disk_least)
  SELECT n.of_slave, '1970-01-01' + INTERVAL n.at SECOND, LEAST(n.told, 60), LEAST(n.busy, n.told, 60),
    n.l_mean, n.l_max, n.c_mean, n.c_max, n.m_mean, n.m_max, n.t_mean, n.t_max, n.d_least
  FROM JSON_TABLE(p_hours, '$[*]' COLUMNS (of_slave BIGINT PATH '$[0]', at BIGINT PATH '$[1]', told INT PATH '$[2]',
    busy INT PATH '$[3]', l_mean INT PATH '$[4]', l_max INT PATH '$[5]', c_mean INT PATH '$[6]', c_max INT PATH '$[7]',
    m_mean INT PATH '$[8]', m_max INT PATH '$[9]', t_mean INT PATH '$[10]', t_max INT PATH '$[11]',
    d_least INT PATH '$[12]')) n
  JOIN slave s ON s.id = n.of_slave
  WHERE n.told > 0
  ON DUPLICATE KEY UPDATE
    load_mean = COALESCE((load_mean * slave_hour.samples + VALUES(load_mean) * VALUES(samples))
      DIV (slave_hour.samples + VALUES(samples)), load_mean, VALUES(load_mean)),
    cpu_mean = COALESCE((cpu_mean * slave_hour.samples + VALUES(cpu_mean) * VALUES(samples))
      DIV (slave_hour.samples + VALUES(samples)), cpu_mean, VALUES(cpu_mean)),
    memory_mean = COALESCE((memory_mean * slave_hour.samples + VALUES(memory_mean) * VALUES(samples))
      DIV (slave_hour.samples + VALUES(samples)), memory_mean, VALUES(memory_mean)),
    temperature_mean = COALESCE((temperature_mean * slave_hour.samples + VALUES(temperature_mean) * VALUES(samples))
      DIV (slave_hour.samples + VALUES(samples)), temperature_mean, VALUES(temperature_mean)),
    load_max = GREATEST(COALESCE(load_max, VALUES(load_max)), COALESCE(VALUES(load_max), load_max)),
    cpu_max = GREATEST(COALESCE(cpu_max, VALUES(cpu_max)), COALESCE(VALUES(cpu_max), cpu_max)),
    memory_max = GREATEST(COALESCE(memory_max, VALUES(memory_max)), COALESCE(VALUES(memory_max), memory_max)),
    temperature_max = GREATEST(COALESCE(temperature_max, VALUES(temperature_max)),
      COALESCE(VALUES(temperature_max), temperature_max)),
    disk_least = LEAST(COALESCE(disk_least, VALUES(disk_least)), COALESCE(VALUES(disk_least), disk_least)),
    rendering = LEAST(rendering + VALUES(rendering), 60),
    samples = LEAST(slave_hour.samples + VALUES(samples), 60);  -- last: the means above weigh by what was there
  DELETE FROM slave_hour WHERE hour_at < UTC_TIMESTAMP() - INTERVAL 1 YEAR LIMIT 10000;
  COMMIT;
END
