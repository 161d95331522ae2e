-- Notes that a slave lives. An unknown slave is nothing: it may have been deleted a moment ago.
CREATE OR REPLACE PROCEDURE slave_seen(IN p_slave BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  UPDATE slave SET last_seen_at = UTC_TIMESTAMP(3) WHERE id = p_slave;
  COMMIT;
END
