-- Changes a user's role. Idempotent. DR400 no such role, DR403 not an administrator, DR404 no such user, DR409 it is
-- the last administrator, or a blocked user, DR412 another revision.
CREATE OR REPLACE PROCEDURE user_role_change(IN p_administrator_id BIGINT, IN p_user_id BIGINT, IN p_role VARCHAR(32))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_number BIGINT;
  DECLARE v_role VARCHAR(16);
  DECLARE v_blocked BOOLEAN;
  DECLARE v_revision BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF p_role NOT IN ('user', 'moderator', 'administrator') THEN
    CALL error_raise(400, CONCAT('there is no role "', p_role, '"; use user, moderator or administrator'));
  END IF;
  START TRANSACTION;
  SELECT next_value INTO v_number FROM counter WHERE name = 'user' FOR UPDATE;  -- one at a time: who is the last?
  CALL admin_check(p_administrator_id);
  SELECT role, blocked_at IS NOT NULL, revision INTO v_role, v_blocked, v_revision
  FROM user WHERE id = p_user_id AND name IS NOT NULL FOR UPDATE;
  IF v_role IS NULL THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  CALL revision_check('user', p_user_id, v_revision);
  IF v_blocked AND p_role <> 'user' THEN
    CALL error_raise(409, 'a blocked account cannot get a role; unblock it first');
  END IF;
  IF v_role = 'administrator' AND p_role <> 'administrator' AND NOT EXISTS (SELECT 1 FROM user
      WHERE role = 'administrator' AND blocked_at IS NULL AND id <> p_user_id) THEN
    CALL error_raise(409, 'this is the last administrator; make somebody else one first');
  END IF;
  IF v_role <> p_role THEN
    UPDATE user SET role = p_role, revision = revision + 1 WHERE id = p_user_id;
    INSERT INTO activity (created_at, kind, user_id, message)
    SELECT UTC_TIMESTAMP(3), 'user_role', u.id, CONCAT(u.name, ' is ', p_role, ' now, was ', v_role, '; by ', a.name)
    FROM user u JOIN user a ON a.id = p_administrator_id WHERE u.id = p_user_id;
  END IF;
  COMMIT;
END
