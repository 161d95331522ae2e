-- An administrator overrides settings of the configuration file while the server runs: all or none. The server has
-- checked the values. The same value again changes nothing.
--   p_changes  [[name, value as text or null]...]; null: the file's value again
-- DR400 an invalid name or value, DR403 not an administrator.
CREATE OR REPLACE PROCEDURE setting_override(IN p_administrator_id BIGINT, IN p_changes MEDIUMTEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_at INT DEFAULT 0;
  DECLARE v_name VARCHAR(200);
  DECLARE v_value MEDIUMTEXT;
  DECLARE v_before VARCHAR(4000);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  CALL admin_check(p_administrator_id);
  WHILE v_at < JSON_LENGTH(p_changes) DO
    SET v_name = JSON_VALUE(p_changes, CONCAT('$[', v_at, '][0]')),
      v_value = JSON_VALUE(p_changes, CONCAT('$[', v_at, '][1]'));
    IF v_name COLLATE utf8mb4_bin NOT REGEXP '^[a-z][a-z0-9_.]{0,63}\\z' THEN
      CALL error_raise(400, CONCAT('"', v_name, '" cannot be the name of a setting'));
    END IF;
    IF CHAR_LENGTH(v_value) > 4000 THEN
      CALL error_raise(400, CONCAT('the setting ', v_name, ' holds at most 4,000 characters'));
    END IF;
    SELECT MAX(value) INTO v_before FROM setting WHERE name = v_name FOR UPDATE;
    IF NOT v_before <=> v_value THEN
      IF v_value IS NULL THEN
        DELETE FROM setting WHERE name = v_name;
      ELSE
        INSERT INTO setting (name, value, changed_at) VALUES (v_name, v_value, UTC_TIMESTAMP(3))
        ON DUPLICATE KEY UPDATE value = v_value, changed_at = UTC_TIMESTAMP(3);
      END IF;
      INSERT INTO activity (created_at, kind, user_id, message)
      SELECT UTC_TIMESTAMP(3), 'setting_changed', p_administrator_id, LEFT(CONCAT(name, ' set ', v_name, ' to ',
        COALESCE(CONCAT('"', v_value, '"'), 'what the file says'), ', it was ',
        COALESCE(CONCAT('"', v_before, '"'), 'what the file says')), 1000)
      FROM user WHERE id = p_administrator_id;
    END IF;
    SET v_at = v_at + 1;
  END WHILE;
  COMMIT;
END
