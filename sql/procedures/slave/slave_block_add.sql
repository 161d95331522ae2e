-- Blocks work of a user (by p_name), a project or a job (by p_target_id) on a slave. Idempotent. DR400 an invalid
-- kind, DR404 no such slave, user, project or job, DR413 too many.
CREATE OR REPLACE PROCEDURE slave_block_add(IN p_slave_id BIGINT, IN p_kind VARCHAR(20), IN p_name VARCHAR(1000),
  IN p_target_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_target_id BIGINT DEFAULT NULL;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF p_kind NOT IN ('user', 'project', 'job') THEN
    CALL error_raise(400, CONCAT('"', LEFT(p_kind, 20), '" cannot be blocked; say user, project or job'));
  END IF;
  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM slave WHERE id = p_slave_id FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no slave ', p_slave_id));
  END IF;
  IF p_kind = 'user' THEN
    SET v_target_id = (SELECT id FROM user WHERE name = p_name);
    IF v_target_id IS NULL THEN
      CALL error_raise(404, CONCAT('there is no user ', LEFT(p_name, 60)));
    END IF;
  ELSEIF p_kind = 'project' THEN
    SET v_target_id = (SELECT id FROM project WHERE id = p_target_id);
  ELSE
    SET v_target_id = (SELECT id FROM job WHERE id = p_target_id AND state <> 'creating');
  END IF;
  IF v_target_id IS NULL THEN
    CALL error_raise(404, CONCAT('there is no ', p_kind, ' ', p_target_id));
  END IF;
  IF (SELECT COUNT(*) FROM slave_block WHERE slave_id = p_slave_id) >= 1000 THEN
    CALL error_raise(413, CONCAT('slave ', p_slave_id, ' has 1,000 blocks already; take some away'));
  END IF;
  INSERT IGNORE INTO slave_block (slave_id, kind, target_id, created_at)
  VALUES (p_slave_id, p_kind, v_target_id, UTC_TIMESTAMP(3));
  COMMIT;
END
