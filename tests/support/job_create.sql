-- For tests alone: one whole submission of one job in one call; the row that comes back holds its id. p_files
-- [{"path","sha256","size"}...], p_frames [1,2,...]; p_after: any job that is there (0: none).
CREATE OR REPLACE PROCEDURE job_create(IN p_user BIGINT, IN p_project BIGINT, IN p_name VARCHAR(1000),
  IN p_method VARCHAR(64), IN p_source VARCHAR(2000), IN p_parameters LONGTEXT, IN p_output LONGTEXT,
  IN p_version VARCHAR(64), IN p_warnings LONGTEXT, IN p_priority INT, IN p_paused BOOLEAN, IN p_files LONGTEXT,
  IN p_frames LONGTEXT, IN p_tiles INT, IN p_after BIGINT, IN p_submission BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_jobs LONGTEXT;
  DECLARE v_job BIGINT;
  DECLARE v_first BIGINT;
  SET v_jobs = JSON_ARRAY(JSON_OBJECT('name', p_name, 'method', p_method, 'source', p_source,
    'parameters', p_parameters,
    'output', p_output, 'version', p_version, 'warnings', p_warnings, 'priority', p_priority, 'paused', p_paused,
    'held', 0, 'frames', JSON_LENGTH(p_frames), 'tiles', p_tiles, 'after', 0, 'files', 1));
  CALL submission_write(p_user, p_project, v_jobs, (
    SELECT JSON_ARRAYAGG(JSON_ARRAY(1, f.path, f.sha256, f.size) ORDER BY f.number)
    FROM JSON_TABLE(p_files, '$[*]' COLUMNS (number FOR ORDINALITY, path TEXT PATH '$.path',
      sha256 VARCHAR(64) PATH '$.sha256', size BIGINT PATH '$.size')) f));
  SELECT job_id, first_task INTO v_job, v_first FROM submission_job;
  INSERT INTO task (id, job_id, frame)
  SELECT v_first + (f.number - 1) * p_tiles + t.seq - 1, v_job, f.frame
  FROM (SELECT ROW_NUMBER() OVER (ORDER BY frame) AS number, frame
        FROM JSON_TABLE(p_frames, '$[*]' COLUMNS (frame INT PATH '$')) n) f
  JOIN (WITH RECURSIVE n (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < p_tiles) SELECT seq FROM n) t;
  UPDATE job SET after_job = NULLIF(p_after, 0), submission = NULLIF(p_submission, 0) WHERE id = v_job;
  CALL submission_complete(v_job, '', '');
  SELECT v_job AS id;
END
