-- Records a slave's hello. p_methods: [[name, version, build, device, engines, is_fetched]...], the last four may be
-- left out: build '' is installed, engines JSON as text, is_fetched 1 or 0; methods unknown to this server are omitted,
-- known ones keep their power; on other hardware the benchmark is due again. p_gpus: [name...] or ''. DR400 too many
-- methods, DR404 no such slave.
CREATE OR REPLACE PROCEDURE slave_hello(IN p_slave_id BIGINT, IN p_os TEXT, IN p_cpu_model TEXT, IN p_cores BIGINT,
  IN p_memory_mib BIGINT, IN p_methods LONGTEXT, IN p_gpus TEXT, IN p_address VARCHAR(64))
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF JSON_LENGTH(p_methods) > 100 THEN
    CALL error_raise(400, CONCAT('a slave may name 100 render methods, not ', JSON_LENGTH(p_methods)));
  END IF;
  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM slave WHERE id = p_slave_id FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no slave ', p_slave_id));
  END IF;
  UPDATE slave_method k JOIN slave s ON s.id = k.slave_id SET k.benchmarked_at = NULL
  WHERE s.id = p_slave_id AND s.cores > 0 AND (s.cores <> p_cores OR s.cpu_model <> LEFT(p_cpu_model, 200));
  UPDATE slave SET os = LEFT(p_os, 200), cpu_model = LEFT(p_cpu_model, 200), cores = LEAST(GREATEST(p_cores, 0), 65536),
    memory_mib = LEAST(GREATEST(p_memory_mib, 0), 1073741824), gpus = IF(CHAR_LENGTH(p_gpus) > 2000, '', p_gpus),
    address = p_address, last_seen_at = UTC_TIMESTAMP(3)
  WHERE id = p_slave_id;

  DELETE k FROM slave_method k JOIN render_method m ON m.id = k.method_id
  WHERE k.slave_id = p_slave_id AND (m.name, k.version, k.build, k.device) NOT IN
    (SELECT n.name, n.version, UNHEX(COALESCE(n.build, '')), COALESCE(n.device, '')
    FROM JSON_TABLE(p_methods, '$[*]' COLUMNS (name VARCHAR(64) PATH '$[0]', version VARCHAR(64) PATH '$[1]',
      build VARCHAR(64) PATH '$[2]', device VARCHAR(64) PATH '$[3]')) n
    WHERE n.name IS NOT NULL AND n.version IS NOT NULL AND COALESCE(n.build, '') REGEXP '^([0-9a-f]{64})?\\z');
  INSERT INTO slave_method (slave_id, method_id, version, build, device, engines, is_fetched)
  SELECT p_slave_id, m.id, n.version, UNHEX(COALESCE(n.build, '')), COALESCE(n.device, ''),
    IF(CHAR_LENGTH(n.engines) > 2000, '', COALESCE(n.engines, '')), COALESCE(n.is_fetched, TRUE)
  FROM JSON_TABLE(p_methods, '$[*]' COLUMNS (name VARCHAR(64) PATH '$[0]', version VARCHAR(64) PATH '$[1]',
    build VARCHAR(64) PATH '$[2]', device VARCHAR(64) PATH '$[3]', engines TEXT PATH '$[4]',
    is_fetched BOOLEAN PATH '$[5]')) n
  JOIN render_method m ON m.name = n.name
  WHERE n.version IS NOT NULL AND COALESCE(n.build, '') REGEXP '^([0-9a-f]{64})?\\z'
  ON DUPLICATE KEY UPDATE engines = VALUES(engines), is_fetched = VALUES(is_fetched);
  COMMIT;
END
