-- Unblocks work of a user, project or job on a slave. Idempotent. No errors.
CREATE OR REPLACE PROCEDURE slave_block_delete(IN p_slave_id BIGINT, IN p_kind VARCHAR(20), IN p_target_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  DELETE FROM slave_block WHERE slave_id = p_slave_id AND kind = p_kind AND target_id = p_target_id;
  COMMIT;
END
