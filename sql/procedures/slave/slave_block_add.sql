-- Keeps work of a user (by p_name), a project or a job (by p_target) from a slave; what is there already stays. DR400 a
-- bad kind, DR404 no such slave, user, project or job, DR409 too many.
CREATE OR REPLACE PROCEDURE slave_block_add(IN p_slave BIGINT, IN p_kind VARCHAR(20), IN p_name VARCHAR(1000),
  IN p_target BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_target BIGINT DEFAULT NULL;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF p_kind NOT IN ('user', 'project', 'job') THEN
    CALL error_raise(400, CONCAT('"', LEFT(p_kind, 20), '" cannot be blocked; say user, project or job'));
  END IF;
  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM slave WHERE id = p_slave FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no slave ', p_slave));
  END IF;
  IF p_kind = 'user' THEN
    SET v_target = (SELECT id FROM user WHERE name = p_name);
    IF v_target IS NULL THEN
      CALL error_raise(404, CONCAT('there is no user ', LEFT(p_name, 60)));
    END IF;
  ELSEIF p_kind = 'project' THEN
    SET v_target = (SELECT id FROM project WHERE id = p_target);
  ELSE
    SET v_target = (SELECT id FROM job WHERE id = p_target AND state <> 'creating');
  END IF;
  IF v_target IS NULL THEN
    CALL error_raise(404, CONCAT('there is no ', p_kind, ' ', p_target));
  END IF;
  IF (SELECT COUNT(*) FROM slave_block WHERE slave_id = p_slave) >= 1000 THEN
    CALL error_raise(413, CONCAT('slave ', p_slave, ' has 1,000 blocks already; take some away'));
  END IF;
  INSERT IGNORE INTO slave_block (slave_id, kind, target, created_at)
  VALUES (p_slave, p_kind, v_target, UTC_TIMESTAMP(3));
  COMMIT;
END
