-- The tasks of a job in frame order, ids above p_after (0: from the first), at most 1,000 rows, each with its lease or
-- else its latest attempt; warnings and more_outputs, the files after its first: of that attempt, as
-- JSON, NULL for none. DR404 no such job.
CREATE OR REPLACE PROCEDURE task_list(IN p_job_id BIGINT, IN p_after BIGINT, IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(p_limit, 1), 1001);
  DECLARE v_from BIGINT;
  DECLARE v_to BIGINT;

  SELECT GREATEST(first_task_id, p_after + 1), first_task_id + task_count INTO v_from, v_to FROM job
    WHERE id = p_job_id AND state <> 'creating';
  IF v_to IS NULL THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job_id));
  END IF;

  SELECT t.id, t.frame, IF(t.state = 'ready' AND l.attempt_id IS NOT NULL, 'leased', t.state) AS state, t.failure_count,
    COALESCE(IF(t.state = 'ready', l.slave_id, NULL), a.slave_id, 0) AS slave_id, s.name AS slave_name,
    a.output_name, a.output_size_bytes, LOWER(HEX(a.output_sha256)) AS output_sha256, a.wall_ms, a.cpu_ms,
    a.failure_reason, a.outcome, time_text(a.ended_at) AS ended_at, a.failure_code,
    (SELECT JSON_ARRAYAGG(JSON_OBJECT('code', NULLIF(w.code, ''), 'message', w.message, 'count', w.count)
       ORDER BY w.number)
     FROM attempt_warning w WHERE w.task_id = t.id AND w.attempt_id = t.attempt_id) AS warnings,
    (SELECT JSON_ARRAYAGG(JSON_OBJECT('name', o.name, 'size_bytes', o.size_bytes, 'sha256', LOWER(HEX(o.sha256)),
       'width', o.width, 'height', o.height) ORDER BY o.number)
     FROM attempt_output o WHERE o.task_id = t.id AND o.attempt_id = t.attempt_id) AS more_outputs
  FROM (SELECT id, frame, state, failure_count, attempt_id FROM task WHERE id >= v_from AND id < v_to
        ORDER BY id LIMIT v_limit) t
  LEFT JOIN lease l ON l.attempt_id = (SELECT MAX(x.attempt_id) FROM lease x WHERE x.task_id = t.id)
  LEFT JOIN attempt a ON a.task_id = t.id AND a.id = t.attempt_id
  LEFT JOIN slave s ON s.id = COALESCE(IF(t.state = 'ready', l.slave_id, NULL), a.slave_id)
  ORDER BY t.id;
END
