-- Blocks work of a user, a project or a job on a slave. Idempotent. Row: whether it is new. DR404 no such slave, kind,
-- user, project or job, DR413 too many.
CREATE OR REPLACE PROCEDURE slave_block_add(IN p_slave_id BIGINT, IN p_kind VARCHAR(20), IN p_target_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_target_id BIGINT DEFAULT NULL;
  DECLARE v_is_new BOOLEAN;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM slave WHERE id = p_slave_id FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no slave ', p_slave_id));
  END IF;
  IF p_kind = 'user' THEN
    SET v_target_id = (SELECT id FROM user WHERE id = p_target_id AND name IS NOT NULL);
  ELSEIF p_kind = 'project' THEN
    SET v_target_id = (SELECT id FROM project WHERE id = p_target_id);
  ELSEIF p_kind = 'job' THEN
    SET v_target_id = (SELECT id FROM job WHERE id = p_target_id AND state <> 'creating');
  END IF;
  IF v_target_id IS NULL THEN
    CALL error_raise(404, CONCAT('there is no ', LEFT(p_kind, 20), ' ', p_target_id));
  END IF;
  SET v_is_new = NOT EXISTS (SELECT 1 FROM slave_block
    WHERE slave_id = p_slave_id AND kind = p_kind AND target_id = v_target_id);
  IF v_is_new AND (SELECT COUNT(*) FROM slave_block WHERE slave_id = p_slave_id) >= 1000 THEN
    CALL error_raise(413, CONCAT('slave ', p_slave_id, ' has 1,000 blocks already; take some away'));
  END IF;
  INSERT IGNORE INTO slave_block (slave_id, kind, target_id, created_at)
  VALUES (p_slave_id, p_kind, v_target_id, UTC_TIMESTAMP(3));
  COMMIT;
  SELECT v_is_new AS is_new;
END
