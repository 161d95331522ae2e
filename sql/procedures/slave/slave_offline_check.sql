-- Records slaves as activity that are offline for 10 minutes, once until they are online again; only enabled ones
-- whose owners chose that notification or have a webhook for it. p_online: [slave...], all that are online. Rows: slave
-- and user of each that was recorded. DR400 invalid JSON.
CREATE OR REPLACE PROCEDURE slave_offline_check(IN p_online LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF NOT JSON_VALID(p_online) THEN
    CALL error_raise(400, 'the slaves are no JSON');
  END IF;
  CREATE TEMPORARY TABLE IF NOT EXISTS notification_online (slave_id BIGINT NOT NULL PRIMARY KEY) ENGINE=MEMORY;
  CREATE TEMPORARY TABLE IF NOT EXISTS notification_watcher (user_id BIGINT NOT NULL PRIMARY KEY) ENGINE=MEMORY;
  CREATE TEMPORARY TABLE IF NOT EXISTS notification_offline (slave_id BIGINT NOT NULL PRIMARY KEY) ENGINE=MEMORY;
  DELETE FROM notification_online;
  DELETE FROM notification_watcher;
  DELETE FROM notification_offline;
  INSERT IGNORE INTO notification_online (slave_id)
  SELECT slave_id FROM JSON_TABLE(p_online, '$[*]' COLUMNS (slave_id BIGINT PATH '$')) n WHERE slave_id IS NOT NULL;
  INSERT IGNORE INTO notification_watcher (user_id)
  SELECT user_id FROM notification_choice WHERE kind = 'slave_offline'
  UNION SELECT user_id FROM webhook WHERE is_enabled AND FIND_IN_SET('slave.offline', topics) > 0;

  START TRANSACTION;
  DELETE w FROM slave_watch w JOIN slave s ON s.id = w.slave_id
  LEFT JOIN notification_watcher c ON c.user_id = s.user_id
  WHERE s.state <> 'enabled' OR c.user_id IS NULL;
  INSERT IGNORE INTO slave_watch (slave_id)
  SELECT s.id FROM notification_watcher c
  JOIN slave s ON s.user_id = c.user_id AND s.state = 'enabled'
  JOIN notification_online o ON o.slave_id = s.id;
  UPDATE slave_watch w LEFT JOIN notification_online o ON o.slave_id = w.slave_id
  SET w.offline_since = IF(o.slave_id IS NULL, COALESCE(w.offline_since, v_now), NULL),
    w.notified = w.notified AND o.slave_id IS NULL;
  INSERT INTO notification_offline (slave_id)
  SELECT slave_id FROM slave_watch WHERE NOT notified AND offline_since <= v_now - INTERVAL 10 MINUTE;
  INSERT INTO activity (created_at, kind, user_id, slave_id, message)
  SELECT v_now, 'slave_offline', s.user_id, s.id, LEFT(CONCAT('Slave ', s.id, ' (', s.name, ') is offline since ',
    DATE_FORMAT(w.offline_since, '%H:%i'), ' UTC'), 1000)
  FROM notification_offline f JOIN slave_watch w ON w.slave_id = f.slave_id JOIN slave s ON s.id = f.slave_id;
  UPDATE slave_watch w JOIN notification_offline f ON f.slave_id = w.slave_id SET w.notified = TRUE;
  COMMIT;
  SELECT f.slave_id, s.user_id FROM notification_offline f JOIN slave s ON s.id = f.slave_id;
END
