-- What a slave's owner asks of it from afar; p_settings: JSON, '' for nothing. DR400 too long, DR404 no such slave.
CREATE OR REPLACE PROCEDURE slave_settings_change(IN p_slave BIGINT, IN p_settings TEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  IF CHAR_LENGTH(p_settings) > 4000 OR NOT (p_settings = '' OR JSON_VALID(p_settings)) THEN
    CALL error_raise(400, 'settings are JSON of 4,000 characters at most');
  END IF;
  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM slave WHERE id = p_slave FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no slave ', p_slave));
  END IF;
  UPDATE slave SET settings = p_settings WHERE id = p_slave;
  COMMIT;
END
