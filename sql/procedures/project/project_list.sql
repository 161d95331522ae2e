-- A user's projects by name; p_user_id 0: of all users. Rows: id, user_id, name, number of jobs, revision. No errors.
CREATE OR REPLACE PROCEDURE project_list(IN p_user_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT p.id, p.user_id, p.name, COUNT(j.id) AS jobs, p.revision
  FROM project p LEFT JOIN job j ON j.project_id = p.id AND j.state <> 'creating'
  WHERE p_user_id = 0 OR p.user_id = p_user_id
  GROUP BY p.id, p.user_id, p.name, p.revision ORDER BY p.name, p.id;
END
