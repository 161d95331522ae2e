-- Jobs of accounts that were deleted, the newest first: what is made of another comes before it. p_unfinished: those
-- alone that have not ended. At most p_limit rows: id. No errors.
CREATE OR REPLACE PROCEDURE user_gone_jobs(IN p_unfinished BOOLEAN, IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  SELECT j.id FROM user u JOIN job j ON j.user_id = u.id
  WHERE u.name IS NULL AND j.state <> 'creating'
    AND (NOT p_unfinished OR j.state NOT IN ('finished', 'failed', 'cancelled')) ORDER BY j.id DESC LIMIT p_limit;
END
