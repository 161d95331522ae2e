-- A benchmark's answer: what this slave has per core with this version of a method, in thousandths of the reference
-- core. Corrections start again from it. DR400 a power that cannot be, DR404 no such slave or not with that method.
CREATE OR REPLACE PROCEDURE power_record(IN p_slave BIGINT, IN p_method VARCHAR(64), IN p_version VARCHAR(64),
  IN p_power BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_method BIGINT DEFAULT (SELECT id FROM render_method WHERE name = p_method);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF COALESCE(p_power, 0) NOT BETWEEN 1 AND 20000 THEN
    CALL error_raise(400, CONCAT('a power of ', COALESCE(p_power, 'nothing'),
      ' thousandths of the reference core cannot be; 1 to 20,000 can'));
  END IF;
  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM slave_method WHERE slave_id = p_slave AND method_id = v_method AND version = p_version
    FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('slave ', p_slave, ' has not said that it has ', p_method, ' ', p_version));
  END IF;
  UPDATE slave_method SET benchmark_power = p_power, power = p_power, benchmarked_at = UTC_TIMESTAMP(3)
  WHERE slave_id = p_slave AND method_id = v_method AND version = p_version;
  COMMIT;
END
