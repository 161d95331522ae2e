-- Jobs of accounts that were deleted, the newest first: what is made of another comes before it. At most p_limit rows:
-- id. No errors.
CREATE OR REPLACE PROCEDURE user_gone_jobs(IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  SELECT j.id FROM user u JOIN job j ON j.user_id = u.id
  WHERE u.name IS NULL AND j.state <> 'creating' ORDER BY j.id DESC LIMIT p_limit;
END
