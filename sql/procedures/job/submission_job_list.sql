-- The jobs of submissions, in order. p_ids: JSON [id...] of their first jobs. Rows: submission_id, id, name, method,
-- state, is_final_output, output_folder. No errors.
CREATE OR REPLACE PROCEDURE submission_job_list(IN p_ids LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  -- Not joined by one OR, for which each submission would read all jobs of the grid.
  SELECT j.id AS submission_id, j.id, j.name, m.name AS method, j.state, j.is_final_output, j.output_folder
  FROM JSON_TABLE(p_ids, '$[*]' COLUMNS (id BIGINT PATH '$')) s
  STRAIGHT_JOIN job j ON j.id = s.id
  JOIN render_method m ON m.id = j.method_id
  WHERE j.state <> 'creating'
  UNION ALL
  SELECT j.submission_id, j.id, j.name, m.name AS method, j.state, j.is_final_output, j.output_folder
  FROM JSON_TABLE(p_ids, '$[*]' COLUMNS (id BIGINT PATH '$')) s
  STRAIGHT_JOIN job j FORCE INDEX (job_submission_id) ON j.submission_id = s.id
  JOIN render_method m ON m.id = j.method_id
  WHERE j.state <> 'creating'
  ORDER BY submission_id, id;
END
