-- For tests alone: submits one job in one call. Row: its id. p_files: [{"path","sha256","size"}...];
-- p_frames: [1,2,...]; p_depends_on_job_id: any job (0: none).
CREATE OR REPLACE PROCEDURE job_create(IN p_user_id BIGINT, IN p_project_id BIGINT, IN p_name VARCHAR(1000),
  IN p_method VARCHAR(64), IN p_main_file VARCHAR(2000), IN p_parameters LONGTEXT, IN p_output LONGTEXT,
  IN p_min_version VARCHAR(64), IN p_warnings LONGTEXT, IN p_priority INT, IN p_starts_paused BOOLEAN,
  IN p_files LONGTEXT, IN p_frames LONGTEXT, IN p_tiles_per_frame INT,
  IN p_depends_on_job_id BIGINT, IN p_submission_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_jobs LONGTEXT;
  DECLARE v_job_id BIGINT;
  DECLARE v_first BIGINT;
  SET v_jobs = JSON_ARRAY(JSON_OBJECT('name', p_name, 'method', p_method, 'main_file', p_main_file,
    'parameters', p_parameters, 'output', p_output, 'min_version', p_min_version, 'warnings', p_warnings,
    'priority', p_priority, 'starts_paused', p_starts_paused, 'needs_approval', 0,
    'frame_count', JSON_LENGTH(p_frames), 'tiles_per_frame', p_tiles_per_frame, 'depends_on', 0, 'file_set', 1));
  CALL submission_write(p_user_id, p_project_id, v_jobs, (
    SELECT JSON_ARRAYAGG(JSON_ARRAY(1, f.path, f.sha256, f.size) ORDER BY f.number)
    FROM JSON_TABLE(p_files, '$[*]' COLUMNS (number FOR ORDINALITY, path TEXT PATH '$.path',
      sha256 VARCHAR(64) PATH '$.sha256', size BIGINT PATH '$.size')) f));
  SELECT job_id, first_task_id INTO v_job_id, v_first FROM submission_job;
  INSERT INTO task (id, job_id, frame)
  SELECT v_first + (f.number - 1) * p_tiles_per_frame + t.seq - 1, v_job_id, f.frame
  FROM (SELECT ROW_NUMBER() OVER (ORDER BY frame) AS number, frame
        FROM JSON_TABLE(p_frames, '$[*]' COLUMNS (frame INT PATH '$')) n) f
  JOIN (WITH RECURSIVE n (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < p_tiles_per_frame)
    SELECT seq FROM n) t;
  UPDATE job SET depends_on_job_id = NULLIF(p_depends_on_job_id, 0), submission_id = NULLIF(p_submission_id, 0)
  WHERE id = v_job_id;
  CALL submission_complete(v_job_id, '', '');
  SELECT v_job_id AS id;
END
