-- Writes a job with its files and one task per frame, or one per tile of it; the row that comes back holds the job's id.
--   p_project  0: none        p_files   [{"path","sha256","size"}...], blobs that this user has uploaded
--   p_source   one of the paths in p_files                p_frames  [1,2,...]
--   p_tiles    of each frame
--   p_after    an unfinished job of the same user, whose output this one is made of (0: none): it needs no files then
--   p_submission  the first job of those submitted together (0: this one, or alone)
-- DR400 for anything that a person can put right, with the value; DR404 for a project that is not the user's;
-- DR409 when files were not uploaded yet.
CREATE OR REPLACE PROCEDURE job_create(IN p_user BIGINT, IN p_project BIGINT, IN p_name VARCHAR(1000),
  IN p_method VARCHAR(64), IN p_source VARCHAR(2000), IN p_parameters LONGTEXT, IN p_output LONGTEXT,
  IN p_version VARCHAR(64), IN p_warnings LONGTEXT, IN p_priority INT, IN p_paused BOOLEAN, IN p_files LONGTEXT,
  IN p_frames LONGTEXT, IN p_tiles INT, IN p_after BIGINT, IN p_submission BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_method BIGINT DEFAULT (SELECT id FROM render_method WHERE name = p_method);
  DECLARE v_frames INT;
  DECLARE v_distinct INT;
  DECLARE v_files INT;
  DECLARE v_found INT;
  DECLARE v_paths INT;
  DECLARE v_sources INT;
  DECLARE v_bad TEXT;
  DECLARE v_first BIGINT;
  DECLARE v_job BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_user) THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user));
  END IF;
  IF p_project <> 0 AND NOT EXISTS (SELECT 1 FROM project WHERE id = p_project AND user_id = p_user) THEN
    CALL error_raise(404, CONCAT('you have no project ', p_project));
  END IF;
  IF CHAR_LENGTH(TRIM(p_name)) NOT BETWEEN 1 AND 200 THEN
    CALL error_raise(400, 'a job needs a name of 1 to 200 characters');
  END IF;
  IF v_method IS NULL THEN
    CALL error_raise(400, CONCAT('the render method "', p_method, '" is not known here'));
  END IF;
  IF p_priority NOT BETWEEN 1 AND 100 THEN
    CALL error_raise(400, CONCAT('the priority ', p_priority, ' is not between 1 and 100'));
  END IF;

  SELECT COUNT(frame), COUNT(DISTINCT frame) INTO v_frames, v_distinct
  FROM JSON_TABLE(p_frames, '$[*]' COLUMNS (frame INT PATH '$')) f;
  IF v_frames NOT BETWEEN 1 AND 1000000 THEN
    CALL error_raise(400, CONCAT('a job has 1 to 1,000,000 frames, not ', FORMAT(v_frames, 0)));
  END IF;
  IF v_distinct <> v_frames THEN
    CALL error_raise(400, CONCAT(v_frames - v_distinct, ' frames are named twice'));
  END IF;
  IF p_tiles NOT BETWEEN 1 AND 4096 THEN
    CALL error_raise(400, CONCAT('a frame has 1 to 4,096 tiles, not ', FORMAT(p_tiles, 0)));
  END IF;
  IF v_frames * p_tiles > 1000000 THEN
    CALL error_raise(400, CONCAT('a job has at most 1,000,000 tiles, not ', FORMAT(v_frames * p_tiles, 0)));
  END IF;
  IF p_after <> 0 AND NOT EXISTS (SELECT 1 FROM job WHERE id = p_after AND user_id = p_user
      AND state IN ('active', 'paused', 'finished')) THEN
    CALL error_raise(404, CONCAT('you have no job ', p_after, ' whose output another one could be made of'));
  END IF;

  CREATE TEMPORARY TABLE IF NOT EXISTS job_create_file (
    number INT NOT NULL PRIMARY KEY,
    path VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    sha256 BINARY(32) NOT NULL,
    size BIGINT NOT NULL
  ) ENGINE=Aria TRANSACTIONAL=0;
  DELETE FROM job_create_file;
  INSERT INTO job_create_file
  SELECT number, COALESCE(path, ''), COALESCE(UNHEX(sha256), ''), COALESCE(size, -1)
  FROM JSON_TABLE(p_files, '$[*]' COLUMNS (number FOR ORDINALITY, path TEXT PATH '$.path',
    sha256 VARCHAR(64) PATH '$.sha256', size BIGINT PATH '$.size')) f;

  SELECT COUNT(*), COUNT(DISTINCT path), SUM(path = p_source COLLATE utf8mb4_bin) INTO v_files, v_paths, v_sources
  FROM job_create_file;
  IF p_after = 0 AND (v_files = 0 OR v_sources = 0) THEN
    CALL error_raise(400, CONCAT('the source "', p_source, '" is not among the job''s files'));
  END IF;
  IF v_paths <> v_files THEN
    SET v_bad = (SELECT path FROM job_create_file GROUP BY path HAVING COUNT(*) > 1 LIMIT 1);
    CALL error_raise(400, CONCAT('the file "', v_bad, '" is named twice'));
  END IF;
  -- The server has checked the paths; this is the second lock on the same door.
  SET v_bad = (SELECT path FROM job_create_file
    WHERE path = '' OR CHAR_LENGTH(path) > 1000 OR path LIKE '/%' OR CONCAT('/', path, '/') LIKE '%/../%' LIMIT 1);
  IF v_bad IS NOT NULL THEN
    CALL error_raise(400, CONCAT('the path "', v_bad, '" does not stay inside the job''s folder'));
  END IF;

  -- In a transaction of its own: nobody waits for this counter while a large job is being written.
  START TRANSACTION;
  SELECT next_value INTO v_first FROM counter WHERE name = 'task' FOR UPDATE;
  UPDATE counter SET next_value = next_value + v_frames * p_tiles WHERE name = 'task';
  COMMIT;

  START TRANSACTION;
  -- Before the job is written, so that a refusal uses up no number; locked, so that the sweeper cannot come between.
  SELECT COUNT(*) INTO v_found
  FROM job_create_file f
  JOIN `blob` b ON b.sha256 = f.sha256 AND b.size = f.size
  JOIN blob_owner o ON o.blob_id = b.id AND o.user_id = p_user
  LOCK IN SHARE MODE;
  IF v_found <> v_files THEN
    SET v_bad = (SELECT CONCAT(COUNT(*), IF(COUNT(*) = 1, ' file was', ' files were'), ' not uploaded yet: ',
        GROUP_CONCAT(f.path ORDER BY f.number SEPARATOR ', ' LIMIT 3), IF(COUNT(*) > 3, ', ...', ''))
      FROM job_create_file f
      WHERE NOT EXISTS (SELECT 1 FROM `blob` b JOIN blob_owner o ON o.blob_id = b.id AND o.user_id = p_user
        WHERE b.sha256 = f.sha256 AND b.size = f.size));
    CALL error_raise(409, v_bad);
  END IF;

  INSERT INTO job (user_id, project_id, method_id, name, state, source, parameters, output, version, warnings, priority,
    first_task, tasks, tiles, after_job, submission, created_at)
  VALUES (p_user, NULLIF(p_project, 0), v_method, TRIM(p_name), IF(p_paused, 'paused', 'active'), p_source,
    p_parameters, p_output, p_version, p_warnings, p_priority, v_first, v_frames * p_tiles,
    p_tiles, NULLIF(p_after, 0), NULLIF(p_submission, 0), v_now);
  SET v_job = LAST_INSERT_ID();
  INSERT INTO job_file (job_id, number, path, blob_id)
  SELECT v_job, f.number, f.path, b.id FROM job_create_file f JOIN `blob` b ON b.sha256 = f.sha256;
  INSERT INTO task (id, job_id, frame)
  SELECT v_first + (f.number - 1) * p_tiles + t.seq - 1, v_job, f.frame
  FROM (SELECT ROW_NUMBER() OVER (ORDER BY frame) AS number, frame
        FROM JSON_TABLE(p_frames, '$[*]' COLUMNS (frame INT PATH '$')) n) f
  JOIN (WITH RECURSIVE n (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < p_tiles) SELECT seq FROM n) t;
  INSERT INTO event (created_at, kind, user_id, job_id, message)
  VALUES (v_now, 'job_created', p_user, v_job, CONCAT('Job ', v_job, ' (', TRIM(p_name), ') was submitted'));
  COMMIT;

  SELECT v_job AS id;
END
