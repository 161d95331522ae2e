-- Sets a setting, new or not. DR400 an invalid name or value.
CREATE OR REPLACE PROCEDURE setting_change(IN p_name VARCHAR(200), IN p_value MEDIUMTEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  IF p_name COLLATE utf8mb4_bin NOT REGEXP '^[a-z][a-z0-9_.]{0,63}\\z' THEN
    CALL error_raise(400, CONCAT('"', p_name, '" cannot be the name of a setting'));
  END IF;
  IF CHAR_LENGTH(p_value) > 4000 THEN
    CALL error_raise(400, CONCAT('the setting ', p_name, ' holds at most 4,000 characters'));
  END IF;
  START TRANSACTION;
  INSERT INTO setting (name, value, changed_at) VALUES (p_name, p_value, UTC_TIMESTAMP(3))
  ON DUPLICATE KEY UPDATE value = p_value, changed_at = UTC_TIMESTAMP(3);
  COMMIT;
END
