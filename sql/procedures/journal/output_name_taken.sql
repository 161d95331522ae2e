-- Which of these names below output/ other tasks of the job have among the files after their first. p_names: JSON list.
-- Rows: name. No errors.
CREATE OR REPLACE PROCEDURE output_name_taken(IN p_job_id BIGINT, IN p_task_id BIGINT, IN p_names LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  SELECT o.name
  FROM JSON_TABLE(p_names, '$[*]' COLUMNS (name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$')) n
  STRAIGHT_JOIN attempt_output o FORCE INDEX (attempt_output_name_unique) ON o.job_id = p_job_id AND o.name = n.name
  WHERE o.task_id <> p_task_id;
END
