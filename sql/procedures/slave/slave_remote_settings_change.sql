-- Sets a slave's remote settings; p_remote_settings: JSON, '' for none. DR400 too long or invalid JSON, DR404 no such
-- slave, DR412 another revision.
CREATE OR REPLACE PROCEDURE slave_remote_settings_change(IN p_slave_id BIGINT, IN p_remote_settings TEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_revision BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  IF CHAR_LENGTH(p_remote_settings) > 4000 OR NOT (p_remote_settings = '' OR JSON_VALID(p_remote_settings)) THEN
    CALL error_raise(400, 'settings are JSON of 4,000 characters at most');
  END IF;
  START TRANSACTION;
  SELECT revision INTO v_revision FROM slave WHERE id = p_slave_id FOR UPDATE;
  IF v_revision IS NULL THEN
    CALL error_raise(404, CONCAT('there is no slave ', p_slave_id));
  END IF;
  CALL revision_check('slave', p_slave_id, v_revision);
  UPDATE slave SET remote_settings = p_remote_settings, revision = revision + 1 WHERE id = p_slave_id;
  COMMIT;
END
