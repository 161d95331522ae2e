-- DR403 with the reason when this user is blocked.
CREATE OR REPLACE PROCEDURE user_blocked_check(IN p_user_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_reason VARCHAR(1000) DEFAULT (SELECT blocked_reason FROM user
    WHERE id = p_user_id AND blocked_at IS NOT NULL);
  IF v_reason IS NOT NULL THEN
    CALL error_raise(403, CONCAT('this account is blocked: ', v_reason));
  END IF;
END
