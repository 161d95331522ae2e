-- What the dispatcher needs of every job that has not ended (p_job 0), or of one.
-- Rows: the members of store::RunnableJob. No errors.
CREATE OR REPLACE PROCEDURE job_load(IN p_job BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT j.id, j.user_id, m.name AS method, j.source, j.parameters, j.output, j.version, j.priority, j.state,
    j.first_task, j.tasks, j.tiles, COALESCE(j.after_job, 0) AS after_job,
    j.after_job IS NOT NULL AND NOT EXISTS (SELECT 1 FROM job b WHERE b.id = j.after_job AND b.state = 'finished')
      AS waits, u.name AS user_name, COALESCE(j.project_id, 0) AS project, j.held, j.revision
  FROM job j JOIN render_method m ON m.id = j.method_id JOIN user u ON u.id = j.user_id
  WHERE j.state IN ('active', 'paused') AND (p_job = 0 OR j.id = p_job)
  ORDER BY j.id;
END
