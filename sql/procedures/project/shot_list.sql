-- The shots of a project by id, ids above p_after (0: from the first), at most 1,000 rows; or one shot (p_shot_id not
-- 0). state: set manually, or else derived from its jobs. latest_job_id: the newest that renders single images, not
-- tiles or a video; thumbnail_job_id: the newest of these with an accepted frame. 0: none. DR404 no such shot.
CREATE OR REPLACE PROCEDURE shot_list(IN p_project_id BIGINT, IN p_shot_id BIGINT, IN p_after BIGINT, IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(p_limit, 1), 1001);

  IF p_shot_id <> 0 AND NOT EXISTS (SELECT 1 FROM shot WHERE id = p_shot_id) THEN
    CALL error_raise(404, CONCAT('there is no shot ', p_shot_id));
  END IF;

  SELECT s.id, s.project_id, p.name AS project_name, p.user_id, q.name AS sequence_name, s.name,
    COALESCE(s.state, IF(s.open > 0, 'work', IF(s.finished > 0, 'review', 'waiting'))) AS state,
    s.state IS NOT NULL AS manual, s.jobs,
    COALESCE(l.id, 0) AS latest_job_id, COALESCE(l.state, '') AS latest_state,
    COALESCE(l.task_count, 0) AS latest_task_count, COALESCE(l.accepted_count, 0) AS latest_accepted_count,
    COALESCE(v.id, 0) AS thumbnail_job_id, COALESCE(v.accepted_count, 0) AS thumbnail_accepted_count,
    COALESCE(v.output, '{}') AS thumbnail_output,
    time_text(s.created_at) AS created_at, s.revision
  FROM (
    SELECT t.id, t.project_id, t.sequence_id, t.name, t.state, t.created_at, t.revision, COUNT(j.id) AS jobs,
      SUM(j.state IN ('active', 'paused')) AS open, SUM(j.state = 'finished') AS finished,
      MAX(IF(j.tiles_per_frame = 1 AND JSON_VALUE(j.output, '$.format') NOT IN ('MP4', 'WEBM'), j.id, NULL)) AS latest,
      MAX(IF(j.accepted_count > 0 AND j.tiles_per_frame = 1 AND JSON_VALUE(j.output, '$.format') NOT IN ('MP4', 'WEBM'),
        j.id, NULL)) AS thumbnail
    FROM (SELECT * FROM shot WHERE IF(p_shot_id <> 0, id = p_shot_id, project_id = p_project_id AND id > p_after)
          ORDER BY id LIMIT v_limit) t
    LEFT JOIN job j ON j.shot_id = t.id
    GROUP BY t.id
  ) s
  JOIN project p ON p.id = s.project_id JOIN sequence q ON q.id = s.sequence_id
  LEFT JOIN job l ON l.id = s.latest LEFT JOIN job v ON v.id = s.thumbnail
  ORDER BY s.id;
END
