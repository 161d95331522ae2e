-- A user's projects by name, each with its number of jobs. p_user 0: everybody's.
-- Rows: id, user, name, jobs. No errors.
CREATE OR REPLACE PROCEDURE project_list(IN p_user BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT p.id, p.user_id, p.name, COUNT(j.id) AS jobs
  FROM project p LEFT JOIN job j ON j.project_id = p.id AND j.state <> 'creating'
  WHERE p_user = 0 OR p.user_id = p_user
  GROUP BY p.id, p.user_id, p.name ORDER BY p.name, p.id;
END
