-- How many tasks the jobs of a user have, ended ones too: what he fills the database with. One row.
-- No errors.
CREATE OR REPLACE PROCEDURE job_tasks(IN p_user BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT CAST(COALESCE(SUM(tasks), 0) AS SIGNED) AS tasks FROM job WHERE user_id = p_user;
END
