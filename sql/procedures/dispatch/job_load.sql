-- What the dispatcher needs of one job or of every active or paused job (p_job_id 0). Rows: the members of
-- store::RunnableJob. No errors.
CREATE OR REPLACE PROCEDURE job_load(IN p_job_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT j.id, j.user_id, m.name AS method, j.main_file, j.parameters, j.output, j.min_version, j.priority, j.state,
    j.first_task_id, j.task_count, j.tiles_per_frame, COALESCE(j.depends_on_job_id, 0) AS depends_on_job_id,
    j.depends_on_job_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM job b
      WHERE b.id = j.depends_on_job_id AND b.state = 'finished')
      AS waits, u.name AS user_name, COALESCE(j.project_id, 0) AS project_id, j.needs_approval, j.revision,
    j.renderer_version, LOWER(HEX(j.renderer_build)) AS renderer_build, j.wanted_version, j.saved_version, j.engine
  FROM job j JOIN render_method m ON m.id = j.method_id JOIN user u ON u.id = j.user_id
  WHERE j.state IN ('active', 'paused') AND (p_job_id = 0 OR j.id = p_job_id)
  ORDER BY j.id;
END
