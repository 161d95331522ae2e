-- The shots of a project by id, ids above p_after (0: from the start), at most 1,000 rows; or one shot (p_shot not 0).
-- state: as somebody said, or else as its jobs are. latest_job: the newest that renders frames to look at: no tiles, no
-- video. picture_job: the newest of these of which a frame is there. 0: none. DR404 when there is no such shot.
CREATE OR REPLACE PROCEDURE shot_list(IN p_project BIGINT, IN p_shot BIGINT, IN p_after BIGINT, IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(p_limit, 1), 1001);

  IF p_shot <> 0 AND NOT EXISTS (SELECT 1 FROM shot WHERE id = p_shot) THEN
    CALL error_raise(404, CONCAT('there is no shot ', p_shot));
  END IF;

  SELECT s.id, s.project_id, p.name AS project_name, p.user_id, q.name AS sequence_name, s.name,
    COALESCE(s.state, IF(s.open > 0, 'work', IF(s.finished > 0, 'review', 'waiting'))) AS state,
    s.state IS NOT NULL AS said, s.jobs,
    COALESCE(l.id, 0) AS latest_job, COALESCE(l.state, '') AS latest_state, COALESCE(l.tasks, 0) AS latest_tasks,
    COALESCE(l.accepted, 0) AS latest_accepted,
    COALESCE(v.id, 0) AS picture_job, COALESCE(v.accepted, 0) AS picture_accepted,
    COALESCE(v.output, '{}') AS picture_output,
    time_text(s.created_at) AS created_at
  FROM (
    SELECT t.id, t.project_id, t.sequence_id, t.name, t.state, t.created_at, COUNT(j.id) AS jobs,
      SUM(j.state IN ('active', 'paused')) AS open, SUM(j.state = 'finished') AS finished,
      MAX(IF(j.tiles = 1 AND JSON_VALUE(j.output, '$.format') NOT IN ('MP4', 'WEBM'), j.id, NULL)) AS latest,
      MAX(IF(j.accepted > 0 AND j.tiles = 1 AND JSON_VALUE(j.output, '$.format') NOT IN ('MP4', 'WEBM'), j.id, NULL))
        AS picture
    FROM (SELECT * FROM shot WHERE IF(p_shot <> 0, id = p_shot, project_id = p_project AND id > p_after)
          ORDER BY id LIMIT v_limit) t
    LEFT JOIN job j ON j.shot_id = t.id
    GROUP BY t.id
  ) s
  JOIN project p ON p.id = s.project_id JOIN sequence q ON q.id = s.sequence_id
  LEFT JOIN job l ON l.id = s.latest LEFT JOIN job v ON v.id = s.picture
  ORDER BY s.id;
END
