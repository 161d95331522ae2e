-- Lets a blocked user in again; his jobs stay paused until somebody resumes them. One who is not blocked is nothing.
-- DR403 no administrator, DR404 no such user.
CREATE OR REPLACE PROCEDURE user_unblock(IN p_administrator BIGINT, IN p_user BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_name VARCHAR(64);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  CALL admin_check(p_administrator);
  SELECT name INTO v_name FROM user WHERE id = p_user FOR UPDATE;
  IF v_name IS NULL THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user));
  END IF;
  IF EXISTS (SELECT 1 FROM user WHERE id = p_user AND blocked_at IS NOT NULL) THEN
    UPDATE user SET blocked_at = NULL, blocked_reason = NULL WHERE id = p_user;
    INSERT INTO event (created_at, kind, user_id, message)
    SELECT UTC_TIMESTAMP(3), 'user_unblocked', p_user, CONCAT(v_name, ' was let in again by ', a.name)
    FROM user a WHERE a.id = p_administrator;
  END IF;
  COMMIT;
END
