-- What a slave (0: every slave that is not revoked) can do per method and version, in thousandths of the reference
-- core: as benchmarked and as corrected, 0 when it was never measured, and how long ago in seconds: 1,000,000,000 when
-- it has become other hardware since. Rows: slave, method, version, the two powers, age in s. No errors.
CREATE OR REPLACE PROCEDURE power_list(IN p_slave BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT k.slave_id, m.name, k.version, COALESCE(k.benchmark_power, 0) AS benchmark, COALESCE(k.power, 0) AS power,
    IF(k.benchmark_power IS NULL, 0,
      COALESCE(GREATEST(TIMESTAMPDIFF(SECOND, k.benchmarked_at, UTC_TIMESTAMP(3)), 0), 1000000000)) AS age_s
  FROM slave_method k
  JOIN render_method m ON m.id = k.method_id
  JOIN slave s ON s.id = k.slave_id
  WHERE IF(p_slave = 0, s.state <> 'revoked', k.slave_id = p_slave)
  ORDER BY k.slave_id, m.name, k.version;
END
