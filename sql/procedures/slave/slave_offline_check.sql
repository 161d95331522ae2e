-- Records slaves as activity that are offline for 10 minutes, once until they are online again; only enabled ones
-- whose owners chose that notification. p_online: [slave...], all that are online. DR400 invalid JSON.
CREATE OR REPLACE PROCEDURE slave_offline_check(IN p_online LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF NOT JSON_VALID(p_online) THEN
    CALL error_raise(400, 'the slaves are no JSON');
  END IF;
  CREATE TEMPORARY TABLE IF NOT EXISTS notification_online (slave_id BIGINT NOT NULL PRIMARY KEY) ENGINE=MEMORY;
  DELETE FROM notification_online;
  INSERT IGNORE INTO notification_online (slave_id)
  SELECT slave_id FROM JSON_TABLE(p_online, '$[*]' COLUMNS (slave_id BIGINT PATH '$')) n WHERE slave_id IS NOT NULL;

  START TRANSACTION;
  DELETE w FROM slave_watch w JOIN slave s ON s.id = w.slave_id
  WHERE s.state <> 'enabled' OR NOT EXISTS (SELECT 1 FROM notification_choice c
    WHERE c.user_id = s.user_id AND c.kind = 'slave_offline');
  INSERT IGNORE INTO slave_watch (slave_id)
  SELECT DISTINCT s.id FROM notification_choice c
  JOIN slave s ON s.user_id = c.user_id AND s.state = 'enabled'
  JOIN notification_online o ON o.slave_id = s.id
  WHERE c.kind = 'slave_offline';
  UPDATE slave_watch w LEFT JOIN notification_online o ON o.slave_id = w.slave_id
  SET w.offline_since = IF(o.slave_id IS NULL, COALESCE(w.offline_since, v_now), NULL),
    w.notified = w.notified AND o.slave_id IS NULL;
  INSERT INTO activity (created_at, kind, user_id, slave_id, message)
  SELECT v_now, 'slave_offline', s.user_id, s.id, LEFT(CONCAT('Slave ', s.id, ' (', s.name, ') is offline since ',
    DATE_FORMAT(w.offline_since, '%H:%i'), ' UTC'), 1000)
  FROM slave_watch w JOIN slave s ON s.id = w.slave_id
  WHERE NOT w.notified AND w.offline_since <= v_now - INTERVAL 10 MINUTE;
  UPDATE slave_watch SET notified = TRUE WHERE NOT notified AND offline_since <= v_now - INTERVAL 10 MINUTE;
  COMMIT;
END
