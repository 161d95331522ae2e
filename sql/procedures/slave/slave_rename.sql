-- Renames a slave. DR400 an invalid name, DR404 no such slave, DR412 another revision.
CREATE OR REPLACE PROCEDURE slave_rename(IN p_slave_id BIGINT, IN p_name VARCHAR(1000))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_revision BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  IF CHAR_LENGTH(TRIM(p_name)) NOT BETWEEN 1 AND 100 THEN
    CALL error_raise(400, 'a slave needs a name of 1 to 100 characters');
  END IF;
  START TRANSACTION;
  SELECT revision INTO v_revision FROM slave WHERE id = p_slave_id FOR UPDATE;
  IF v_revision IS NULL THEN
    CALL error_raise(404, CONCAT('there is no slave ', p_slave_id));
  END IF;
  CALL revision_check('slave', p_slave_id, v_revision);
  UPDATE slave SET name = TRIM(p_name), revision = revision + 1 WHERE id = p_slave_id;
  COMMIT;
END
