-- Records a benchmark: the power per core of this slave with this version, build and device of a method, in thousandths
-- of the reference core. Corrections restart from it. DR400 an invalid power, DR404 no such slave or it lacks that
-- renderer.
CREATE OR REPLACE PROCEDURE power_record(IN p_slave_id BIGINT, IN p_method_name VARCHAR(64), IN p_version VARCHAR(64),
  IN p_build VARCHAR(64), IN p_device VARCHAR(64), IN p_power BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_method_id BIGINT DEFAULT (SELECT id FROM render_method WHERE name = p_method_name);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF COALESCE(p_power, 0) NOT BETWEEN 1 AND 20000 THEN
    CALL error_raise(400, CONCAT('a power of ', COALESCE(p_power, 'nothing'),
      ' thousandths of the reference core cannot be; 1 to 20,000 can'));
  END IF;
  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM slave_method WHERE slave_id = p_slave_id AND method_id = v_method_id
    AND version = p_version AND build = UNHEX(p_build) AND device = p_device FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('slave ', p_slave_id, ' has not said that it has ', p_method_name, ' ', p_version,
      IF(p_device = '', '', CONCAT(' on ', p_device)), IF(p_build = '', '', CONCAT(' of build ', LEFT(p_build, 12)))));
  END IF;
  UPDATE slave_method SET benchmark_power = p_power, power = p_power, benchmarked_at = UTC_TIMESTAMP(3)
  WHERE slave_id = p_slave_id AND method_id = v_method_id AND version = p_version AND build = UNHEX(p_build)
    AND device = p_device;
  COMMIT;
END
