-- Jobs, newest first, at most 1,000 rows. p_user_id 0: of all users; p_state '': any; ids below p_before (0: from the
-- newest); p_submissions: only the first job of each submission. DR400 no such state.
CREATE OR REPLACE PROCEDURE job_list(IN p_user_id BIGINT, IN p_state VARCHAR(16), IN p_before BIGINT, IN p_limit INT,
  IN p_submissions BOOLEAN)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_before BIGINT DEFAULT IF(p_before > 0, p_before, 9223372036854775807);
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(p_limit, 1), 1001);

  IF p_state NOT IN ('', 'active', 'paused', 'finished', 'failed', 'cancelled') THEN
    CALL error_raise(400, CONCAT('there is no job state "', p_state,
      '"; use active, paused, finished, failed or cancelled'));
  END IF;

  SELECT j.id, j.user_id, u.name AS user_name, COALESCE(j.project_id, 0) AS project_id, j.name, m.name AS method,
    j.state, j.state_reason, j.main_file, j.parameters, j.output, j.min_version, j.warnings, j.priority,
    j.first_task_id, j.task_count, j.accepted_count, j.failed_count, time_text(j.created_at) AS created_at,
    time_text(j.finished_at) AS finished_at,
    COALESCE((SELECT a.balance FROM account a WHERE a.job_id = j.id AND a.kind = 'escrow'), 0) AS escrow,
    j.tiles_per_frame, COALESCE(j.depends_on_job_id, 0) AS depends_on_job_id,
    COALESCE(j.submission_id, 0) AS submission_id, COALESCE(j.shot_id, 0) AS shot_id,
    COALESCE(CONCAT(q.name, '/', t.name), '') AS shot_name, j.needs_approval, j.revision,
    COALESCE(p.name, '') AS project_name, job_warnings_text(j.id) AS render_warnings,
    IF(j.state = 'paused', COALESCE(j.paused_by, 'owner'), '') AS paused_by,
    j.renderer_version, LOWER(HEX(j.renderer_build)) AS renderer_build, j.wanted_version, j.saved_version, j.engine
  FROM job j JOIN user u ON u.id = j.user_id JOIN render_method m ON m.id = j.method_id
  LEFT JOIN shot t ON t.id = j.shot_id LEFT JOIN sequence q ON q.id = t.sequence_id
  LEFT JOIN project p ON p.id = j.project_id
  WHERE j.state <> 'creating' AND j.id < v_before AND (p_user_id = 0 OR j.user_id = p_user_id)
    AND (p_state = '' OR j.state = p_state) AND (NOT p_submissions OR j.submission_id IS NULL)
  ORDER BY j.id DESC LIMIT v_limit;
END
