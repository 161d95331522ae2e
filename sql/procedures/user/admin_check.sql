-- DR403 unless this user is an administrator who is not blocked. Every procedure for administrators calls it first.
CREATE OR REPLACE PROCEDURE admin_check(IN p_administrator_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_administrator_id AND role = 'administrator'
    AND blocked_at IS NULL) THEN
    CALL error_raise(403, 'this is for administrators of the grid');
  END IF;
END
