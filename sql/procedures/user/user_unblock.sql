-- Unblocks a user; their jobs stay paused until resumed. Idempotent. DR403 not an administrator, DR404 no such user,
-- DR412 another revision.
CREATE OR REPLACE PROCEDURE user_unblock(IN p_administrator_id BIGINT, IN p_user_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_name VARCHAR(64);
  DECLARE v_revision BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  CALL admin_check(p_administrator_id);
  SELECT name, revision INTO v_name, v_revision FROM user WHERE id = p_user_id FOR UPDATE;
  IF v_name IS NULL THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  CALL revision_check('user', p_user_id, v_revision);
  IF EXISTS (SELECT 1 FROM user WHERE id = p_user_id AND blocked_at IS NOT NULL) THEN
    UPDATE user SET blocked_at = NULL, blocked_reason = NULL, revision = revision + 1 WHERE id = p_user_id;
    INSERT INTO activity (created_at, kind, user_id, message)
    SELECT UTC_TIMESTAMP(3), 'user_unblocked', p_user_id, CONCAT(v_name, ' was let in again by ', a.name)
    FROM user a WHERE a.id = p_administrator_id;
  END IF;
  COMMIT;
END
