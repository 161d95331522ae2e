-- The number of tasks of all jobs of a user, ended ones too, which limits what one user stores. One row. No errors.
CREATE OR REPLACE PROCEDURE user_task_count(IN p_user_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT CAST(COALESCE(SUM(task_count), 0) AS SIGNED) AS task_count FROM job WHERE user_id = p_user_id;
END
