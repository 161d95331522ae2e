-- One slave, one row, with the columns of slave_list. DR404 no such slave.
CREATE OR REPLACE PROCEDURE slave_show(IN p_slave_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  IF NOT EXISTS (SELECT 1 FROM slave WHERE id = p_slave_id) THEN
    CALL error_raise(404, CONCAT('there is no slave ', p_slave_id));
  END IF;
  SELECT s.id, s.user_id, u.name AS user_name, s.name, s.slavekey, s.state, s.os, s.cpu_model, s.cores, s.memory_mib,
    (SELECT JSON_ARRAYAGG(JSON_ARRAY(m.name, k.version, LOWER(HEX(k.build)), k.device, k.engines, k.is_fetched,
       COALESCE(k.benchmark_power, 0), COALESCE(k.power, 0), time_text(k.benchmarked_at))
       ORDER BY m.name, k.version, k.build, k.device)
     FROM slave_method k JOIN render_method m ON m.id = k.method_id WHERE k.slave_id = s.id) AS methods,
    time_text(s.created_at) AS created_at, time_text(s.last_seen_at) AS last_seen_at, s.frames_accepted,
    s.address, s.gpus, s.remote_settings, s.revision
  FROM slave s JOIN user u ON u.id = s.user_id WHERE s.id = p_slave_id;
END
