-- Unblocks work of a user, project or job on a slave. DR404 it is not blocked.
CREATE OR REPLACE PROCEDURE slave_block_delete(IN p_slave_id BIGINT, IN p_kind VARCHAR(20), IN p_target_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  IF p_kind NOT IN ('user', 'project', 'job') OR NOT EXISTS (SELECT 1 FROM slave_block
    WHERE slave_id = p_slave_id AND kind = p_kind AND target_id = p_target_id FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('slave ', p_slave_id, ' has not blocked ', LEFT(p_kind, 20), ' ', p_target_id));
  END IF;
  DELETE FROM slave_block WHERE slave_id = p_slave_id AND kind = p_kind AND target_id = p_target_id;
  COMMIT;
END
