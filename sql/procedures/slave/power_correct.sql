-- Corrects the powers of many slaves. p_batch: [[slave, method, version, build, device, power]...], thousandths of the
-- reference core, limited to a quarter to 1.25 times the benchmark. Slaves without a benchmark stay without a power.
-- No errors.
CREATE OR REPLACE PROCEDURE power_correct(IN p_batch LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  UPDATE JSON_TABLE(p_batch, '$[*]' COLUMNS (slave_id BIGINT PATH '$[0]', method VARCHAR(64) PATH '$[1]',
    version VARCHAR(64) PATH '$[2]', build VARCHAR(64) PATH '$[3]', device VARCHAR(64) PATH '$[4]',
    power BIGINT PATH '$[5]')) n
  STRAIGHT_JOIN render_method m ON m.name = n.method
  STRAIGHT_JOIN slave_method k ON k.slave_id = n.slave_id AND k.method_id = m.id AND k.version = n.version
    AND k.build = UNHEX(n.build) AND k.device = n.device
  SET k.power = LEAST(GREATEST(n.power, k.benchmark_power DIV 4, 1), GREATEST(k.benchmark_power * 5 DIV 4, 1))
  WHERE k.benchmark_power IS NOT NULL AND n.power IS NOT NULL;
  COMMIT;
END
