-- Replaces a slave's slavepassword. DR400 an invalid hash, DR404 no such slave, DR409 it is revoked, DR412 another
-- revision.
CREATE OR REPLACE PROCEDURE slave_password_change(IN p_slave_id BIGINT, IN p_password_hash VARBINARY(64))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_state VARCHAR(16);
  DECLARE v_revision BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF LENGTH(p_password_hash) <> 32 THEN
    CALL error_raise(400, 'a slave needs the 32-byte hash of its slavepassword');
  END IF;
  START TRANSACTION;
  SELECT state, revision INTO v_state, v_revision FROM slave WHERE id = p_slave_id FOR UPDATE;
  IF v_state IS NULL THEN
    CALL error_raise(404, CONCAT('there is no slave ', p_slave_id));
  END IF;
  CALL revision_check('slave', p_slave_id, v_revision);
  IF v_state = 'revoked' THEN
    CALL error_raise(409, CONCAT('slave ', p_slave_id, ' was revoked; enrol it again with a new slavekey'));
  END IF;
  UPDATE slave SET password_hash = p_password_hash, revision = revision + 1 WHERE id = p_slave_id;
  COMMIT;
END
