-- Lets a slave have work of a user, project or job again. DR404 it is not blocked.
CREATE OR REPLACE PROCEDURE slave_block_delete(IN p_slave BIGINT, IN p_kind VARCHAR(20), IN p_target BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  IF p_kind NOT IN ('user', 'project', 'job') OR NOT EXISTS (SELECT 1 FROM slave_block
    WHERE slave_id = p_slave AND kind = p_kind AND target = p_target FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('slave ', p_slave, ' has not blocked ', LEFT(p_kind, 20), ' ', p_target));
  END IF;
  DELETE FROM slave_block WHERE slave_id = p_slave AND kind = p_kind AND target = p_target;
  COMMIT;
END
