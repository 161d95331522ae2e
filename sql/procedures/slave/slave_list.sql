-- Slaves that are not revoked, newest first, at most 1,000 rows. p_user_id 0: of all users; ids below p_before (0:
-- from the newest). No errors.
CREATE OR REPLACE PROCEDURE slave_list(IN p_user_id BIGINT, IN p_before BIGINT, IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_before BIGINT DEFAULT IF(p_before > 0, p_before, 9223372036854775807);
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(p_limit, 1), 1001);

  SELECT s.id, s.user_id, u.name AS user_name, s.name, s.slavekey, s.state, s.os, s.cpu_model, s.cores, s.memory_mib,
    (SELECT JSON_ARRAYAGG(JSON_ARRAY(m.name, k.version, LOWER(HEX(k.build)), k.device, k.engines, k.is_fetched,
       COALESCE(k.benchmark_power, 0), COALESCE(k.power, 0), time_text(k.benchmarked_at))
       ORDER BY m.name, k.version, k.build, k.device)
     FROM slave_method k JOIN render_method m ON m.id = k.method_id WHERE k.slave_id = s.id) AS methods,
    time_text(s.created_at) AS created_at, time_text(s.last_seen_at) AS last_seen_at, s.frames_accepted,
    s.address, s.gpus, s.remote_settings, s.revision
  FROM slave s JOIN user u ON u.id = s.user_id
  WHERE s.id < v_before AND (p_user_id = 0 OR s.user_id = p_user_id) AND s.state <> 'revoked'
  ORDER BY s.id DESC LIMIT v_limit;
END
