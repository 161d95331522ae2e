-- The hours of a slave after p_after (UNIX time), oldest first; at most a year of them.
-- Rows: hour in UNIX s, samples, rendering, mean and most of load, CPU, memory and temperature, least disk. No errors.
CREATE OR REPLACE PROCEDURE telemetry_list(IN p_slave BIGINT, IN p_after BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', hour_at) AS at, samples, rendering, load_mean, load_max, cpu_mean, cpu_max,
    memory_mean, memory_max, temperature_mean, temperature_max, disk_least
  FROM slave_hour
  WHERE slave_id = p_slave AND hour_at > '1970-01-01' + INTERVAL GREATEST(p_after, 0) SECOND
  ORDER BY hour_at LIMIT 8784;
END
