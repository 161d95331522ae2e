-- The telemetry of a slave by the hour after p_after (UNIX s), oldest first; at most a year. Rows: start of the hour
-- in UNIX s, number of samples and of those while rendering, mean and maximum of load, CPU, memory used and
-- temperature, minimum of free disk space. No errors.
CREATE OR REPLACE PROCEDURE telemetry_list(IN p_slave_id BIGINT, IN p_after BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', starts_at) AS at, sample_count, rendering_count, mean_load, max_load,
    mean_cpu_percent, max_cpu_percent, mean_memory_used_mib, max_memory_used_mib, mean_temperature_c, max_temperature_c,
    min_disk_free_mib
  FROM slave_telemetry_hour
  WHERE slave_id = p_slave_id AND starts_at > '1970-01-01' + INTERVAL GREATEST(p_after, 0) SECOND
  ORDER BY starts_at LIMIT 8784;
END
