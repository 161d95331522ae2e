-- One job, one row, with the columns of job_list. DR404 when there is no such job.
CREATE OR REPLACE PROCEDURE job_show(IN p_job BIGINT)
SQL SECURITY DEFINER
BEGIN
  IF NOT EXISTS (SELECT 1 FROM job WHERE id = p_job AND state <> 'creating') THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job));
  END IF;
  SELECT j.id, j.user_id, u.name AS user_name, COALESCE(j.project_id, 0) AS project_id, j.name, m.name AS method,
    j.state, j.reason, j.source, j.parameters, j.output, j.version, j.warnings, j.priority, j.first_task, j.tasks,
    j.accepted, j.failed, time_text(j.created_at) AS created_at, time_text(j.finished_at) AS finished_at,
    COALESCE((SELECT a.balance FROM account a WHERE a.job_id = j.id AND a.kind = 'escrow'), 0) AS escrow,
    j.tiles, COALESCE(j.after_job, 0) AS after_job, COALESCE(j.submission, 0) AS submission,
    COALESCE(j.shot_id, 0) AS shot_id, COALESCE(CONCAT(q.name, '/', t.name), '') AS shot_name, j.held, j.revision
  FROM job j JOIN user u ON u.id = j.user_id JOIN render_method m ON m.id = j.method_id
  LEFT JOIN shot t ON t.id = j.shot_id LEFT JOIN sequence q ON q.id = t.sequence_id
  WHERE j.id = p_job;
END
