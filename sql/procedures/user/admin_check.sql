-- DR403 unless this user administers the grid. The first thing that every procedure for administrators does.
CREATE OR REPLACE PROCEDURE admin_check(IN p_administrator BIGINT)
SQL SECURITY DEFINER
BEGIN
  IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_administrator AND role = 'administrator' AND blocked_at IS NULL) THEN
    CALL error_raise(403, 'this is for administrators of the grid');
  END IF;
END
