-- Row: an operation as store::Operation has it; the job's name is NULL when it is gone. DR404 no such operation.
CREATE OR REPLACE PROCEDURE operation_show(IN p_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  IF NOT EXISTS (SELECT 1 FROM operation WHERE id = p_id) THEN
    CALL error_raise(404, CONCAT('there is no operation ', p_id));
  END IF;
  SELECT o.id, o.user_id, o.kind, o.state, COALESCE(o.target_id, 0) AS target_id, COALESCE(j.name, '') AS job_name,
    COALESCE(o.result, '') AS result, COALESCE(o.problem_code, '') AS problem_code,
    COALESCE(o.problem_detail, '') AS problem_detail, time_text(o.created_at) AS created_at,
    COALESCE(time_text(o.finished_at), '') AS finished_at
  FROM operation o LEFT JOIN job j ON o.kind = 'job_deletion' AND j.id = o.target_id
  WHERE o.id = p_id;
END
