-- The powers of a slave (0: of every slave that is not revoked) by renderer, in thousandths of the reference core:
-- benchmarked and corrected, 0 when never measured. age in s: of the benchmark; 1,000,000,000 when the hardware
-- has changed since. Rows: slave_id, method, version, build, device, both powers, age in s. No errors.
CREATE OR REPLACE PROCEDURE power_list(IN p_slave_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT k.slave_id, m.name, k.version, LOWER(HEX(k.build)) AS build, k.device,
    COALESCE(k.benchmark_power, 0) AS benchmark, COALESCE(k.power, 0) AS power,
    IF(k.benchmark_power IS NULL, 0,
      COALESCE(GREATEST(TIMESTAMPDIFF(SECOND, k.benchmarked_at, UTC_TIMESTAMP(3)), 0), 1000000000)) AS age_s
  FROM slave_method k
  JOIN render_method m ON m.id = k.method_id
  JOIN slave s ON s.id = k.slave_id
  WHERE IF(p_slave_id = 0, s.state <> 'revoked', k.slave_id = p_slave_id)
  ORDER BY k.slave_id, m.name, k.version, k.build, k.device;
END
