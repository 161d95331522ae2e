-- An administrator overrides a setting of the configuration file while the server runs; NULL: the file's value again.
-- The server has checked the value. The same value again changes nothing. DR400 an invalid name or value, DR403 not an
-- administrator.
CREATE OR REPLACE PROCEDURE setting_override(IN p_administrator_id BIGINT, IN p_name VARCHAR(200),
  IN p_value MEDIUMTEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_before VARCHAR(4000);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF p_name COLLATE utf8mb4_bin NOT REGEXP '^[a-z][a-z0-9_.]{0,63}\\z' THEN
    CALL error_raise(400, CONCAT('"', p_name, '" cannot be the name of a setting'));
  END IF;
  IF CHAR_LENGTH(p_value) > 4000 THEN
    CALL error_raise(400, CONCAT('the setting ', p_name, ' holds at most 4,000 characters'));
  END IF;
  START TRANSACTION;
  CALL admin_check(p_administrator_id);
  SELECT MAX(value) INTO v_before FROM setting WHERE name = p_name FOR UPDATE;
  IF NOT v_before <=> p_value THEN
    IF p_value IS NULL THEN
      DELETE FROM setting WHERE name = p_name;
    ELSE
      INSERT INTO setting (name, value, changed_at) VALUES (p_name, p_value, UTC_TIMESTAMP(3))
      ON DUPLICATE KEY UPDATE value = p_value, changed_at = UTC_TIMESTAMP(3);
    END IF;
    INSERT INTO activity (created_at, kind, user_id, message)
    SELECT UTC_TIMESTAMP(3), 'setting_changed', p_administrator_id, LEFT(CONCAT(name, ' set ', p_name, ' to ',
      COALESCE(CONCAT('"', p_value, '"'), 'what the file says'), ', it was ',
      COALESCE(CONCAT('"', v_before, '"'), 'what the file says')), 1000)
    FROM user WHERE id = p_administrator_id;
  END IF;
  COMMIT;
END
