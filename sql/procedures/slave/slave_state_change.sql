-- Enables, disables or revokes a slave; revoked is final. Idempotent. DR400 no such state, DR404 no such slave, DR409
-- it is revoked, DR412 another revision.
CREATE OR REPLACE PROCEDURE slave_state_change(IN p_slave_id BIGINT, IN p_state VARCHAR(32))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_state VARCHAR(16);
  DECLARE v_revision BIGINT;
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF p_state NOT IN ('enabled', 'disabled', 'revoked') THEN
    CALL error_raise(400, CONCAT('there is no slave state "', p_state, '"; use enabled, disabled or revoked'));
  END IF;
  START TRANSACTION;
  SELECT state, revision INTO v_state, v_revision FROM slave WHERE id = p_slave_id FOR UPDATE;
  IF v_state IS NULL THEN
    CALL error_raise(404, CONCAT('there is no slave ', p_slave_id));
  END IF;
  CALL revision_check('slave', p_slave_id, v_revision);
  IF v_state = 'revoked' AND p_state <> 'revoked' THEN
    CALL error_raise(409, CONCAT('slave ', p_slave_id, ' was revoked; enrol it again with a new slavekey'));
  END IF;
  IF v_state <> p_state THEN
    UPDATE slave SET state = p_state, revision = revision + 1 WHERE id = p_slave_id;
    INSERT INTO activity (created_at, kind, user_id, slave_id, message)
    SELECT v_now, CONCAT('slave_', p_state), user_id, id, CONCAT('Slave ', id, ' (', name, ') was ', p_state)
    FROM slave WHERE id = p_slave_id;
  END IF;
  COMMIT;
END
