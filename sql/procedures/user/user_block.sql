-- Blocks a user: ends their sessions and pauses their active jobs; their tokens and slaves are rejected. Blocking again
-- replaces the reason. Rows: (1, job_id) per job that was paused, (2, slave_id) per slave to disconnect. DR400 no
-- reason, DR403 not an administrator, DR404 no such user, DR409 oneself, or the last administrator, DR412 another
-- revision.
CREATE OR REPLACE PROCEDURE user_block(IN p_administrator_id BIGINT, IN p_user_id BIGINT, IN p_reason TEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_number BIGINT;
  DECLARE v_name VARCHAR(64);
  DECLARE v_revision BIGINT;
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF CHAR_LENGTH(TRIM(COALESCE(p_reason, ''))) NOT BETWEEN 1 AND 500 THEN
    CALL error_raise(400, 'a block needs a reason of 1 to 500 characters; the one who is blocked reads it');
  END IF;
  CREATE TEMPORARY TABLE IF NOT EXISTS user_block_job (job_id BIGINT NOT NULL PRIMARY KEY) ENGINE=MEMORY;
  DELETE FROM user_block_job;

  START TRANSACTION;
  SELECT next_value INTO v_number FROM counter WHERE name = 'user' FOR UPDATE;
  CALL admin_check(p_administrator_id);
  SELECT name, revision INTO v_name, v_revision FROM user WHERE id = p_user_id FOR UPDATE;
  IF v_name IS NULL THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  CALL revision_check('user', p_user_id, v_revision);
  IF p_user_id = p_administrator_id THEN
    CALL error_raise(409, 'nobody can block himself; ask another administrator');
  END IF;
  IF EXISTS (SELECT 1 FROM user WHERE id = p_user_id AND role = 'administrator') THEN
    CALL error_raise(409, 'an administrator cannot be blocked; take the role away first');
  END IF;
  UPDATE user SET blocked_at = COALESCE(blocked_at, v_now), blocked_reason = TRIM(p_reason),
    revision = revision + 1 WHERE id = p_user_id;
  DELETE FROM session WHERE user_id = p_user_id;
  INSERT INTO user_block_job (job_id) SELECT id FROM job WHERE user_id = p_user_id AND state = 'active' FOR UPDATE;
  UPDATE user_block_job b STRAIGHT_JOIN job j ON j.id = b.job_id
  SET j.state = 'paused', j.paused_by = 'server', j.state_reason = 'paused: its owner is blocked',
    j.revision = j.revision + 1;
  INSERT INTO activity (created_at, kind, user_id, message)
  SELECT v_now, 'user_blocked', p_user_id, LEFT(CONCAT(v_name, ' was blocked by ', a.name, ': ', TRIM(p_reason)), 1000)
  FROM user a WHERE a.id = p_administrator_id;
  COMMIT;

  SELECT 1 AS kind, job_id AS id FROM user_block_job
  UNION ALL SELECT 2, id FROM slave WHERE user_id = p_user_id AND state = 'enabled';
END
