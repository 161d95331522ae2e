-- The first part of a submission: its jobs with their holds and files, in one transaction, invisible ('creating').
-- Their numbers stand in the temporary table submission_job afterwards. The frames come with submission_add_tasks, and
-- submission_complete shows all of it. Arguments and errors: see submission_create. DR400, DR404 and DR409.
CREATE OR REPLACE PROCEDURE submission_write(IN p_user BIGINT, IN p_project BIGINT, IN p_jobs LONGTEXT,
  IN p_files LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_jobs INT;
  DECLARE v_number INT DEFAULT 1;
  DECLARE v_after BIGINT;
  DECLARE v_submission BIGINT;
  DECLARE v_files INT;
  DECLARE v_found INT;
  DECLARE v_next BIGINT;
  DECLARE v_tasks BIGINT;
  DECLARE v_bad TEXT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_user) THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user));
  END IF;
  IF p_project <> 0 AND NOT EXISTS (SELECT 1 FROM project WHERE id = p_project AND user_id = p_user) THEN
    CALL error_raise(404, CONCAT('you have no project ', p_project));
  END IF;

  CREATE TEMPORARY TABLE IF NOT EXISTS submission_job (
    number INT NOT NULL PRIMARY KEY,
    name VARCHAR(1000) NOT NULL,
    method VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    method_id BIGINT NULL,
    source VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    parameters LONGTEXT NOT NULL,
    output LONGTEXT NOT NULL,
    version VARCHAR(64) NOT NULL,
    warnings LONGTEXT NOT NULL,
    priority INT NOT NULL,
    paused BOOLEAN NOT NULL,
    held BOOLEAN NOT NULL,
    frames INT NOT NULL,
    tiles INT NOT NULL,
    after_number INT NOT NULL,
    file_set INT NOT NULL,
    job_id BIGINT NULL,
    first_task BIGINT NULL
  ) ENGINE=Aria TRANSACTIONAL=0 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
  DELETE FROM submission_job;
  INSERT INTO submission_job (number, name, method, method_id, source, parameters, output, version, warnings, priority,
    paused, held, frames, tiles, after_number, file_set)
  SELECT n.number, COALESCE(n.name, ''), n.method, m.id, COALESCE(n.source, ''), n.parameters, n.output, n.version,
    n.warnings, n.priority, n.paused, n.held, n.frames, n.tiles, n.after_number, n.file_set
  FROM JSON_TABLE(p_jobs, '$[*]' COLUMNS (number FOR ORDINALITY, name TEXT PATH '$.name',
    method VARCHAR(64) PATH '$.method', source TEXT PATH '$.source', parameters LONGTEXT PATH '$.parameters',
    output LONGTEXT PATH '$.output', version VARCHAR(64) PATH '$.version', warnings LONGTEXT PATH '$.warnings',
    priority INT PATH '$.priority', paused BOOLEAN PATH '$.paused', held BOOLEAN PATH '$.held',
    frames INT PATH '$.frames', tiles INT PATH '$.tiles', after_number INT PATH '$.after',
    file_set INT PATH '$.files')) n
  LEFT JOIN render_method m ON m.name = n.method COLLATE utf8mb4_bin;

  CREATE TEMPORARY TABLE IF NOT EXISTS submission_file (
    number INT NOT NULL PRIMARY KEY,
    file_set INT NOT NULL,
    path VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    sha256 BINARY(32) NOT NULL,
    size BIGINT NOT NULL
  ) ENGINE=Aria TRANSACTIONAL=0;
  DELETE FROM submission_file;
  INSERT INTO submission_file
  SELECT number, file_set, COALESCE(path, ''), COALESCE(UNHEX(sha256), ''), COALESCE(size, -1)
  FROM JSON_TABLE(p_files, '$[*]' COLUMNS (number FOR ORDINALITY, file_set INT PATH '$[0]', path TEXT PATH '$[1]',
    sha256 VARCHAR(64) PATH '$[2]', size BIGINT PATH '$[3]')) f;

  CALL submission_check();

  SELECT COUNT(*), SUM(frames * tiles) INTO v_jobs, v_tasks FROM submission_job;
  SELECT COUNT(*) INTO v_files FROM submission_file;
  -- In a transaction of its own: nobody waits for this counter.
  START TRANSACTION;
  SELECT next_value INTO v_next FROM counter WHERE name = 'task' FOR UPDATE;
  UPDATE counter SET next_value = next_value + v_tasks WHERE name = 'task';
  COMMIT;

  START TRANSACTION;
  -- Before a job is written, so that a refusal uses up no number; locked, so that the sweeper cannot come between.
  SELECT COUNT(*) INTO v_found
  FROM submission_file f
  JOIN `blob` b ON b.sha256 = f.sha256 AND b.size = f.size
  JOIN blob_owner o ON o.blob_id = b.id AND o.user_id = p_user
  LOCK IN SHARE MODE;
  IF v_found <> v_files THEN
    SET v_bad = (SELECT CONCAT(COUNT(*), IF(COUNT(*) = 1, ' file was', ' files were'), ' not uploaded yet: ',
        GROUP_CONCAT(f.path ORDER BY f.number SEPARATOR ', ' LIMIT 3), IF(COUNT(*) > 3, ', ...', ''))
      FROM submission_file f
      WHERE NOT EXISTS (SELECT 1 FROM `blob` b JOIN blob_owner o ON o.blob_id = b.id AND o.user_id = p_user
        WHERE b.sha256 = f.sha256 AND b.size = f.size));
    CALL error_raise(424, v_bad);
  END IF;

  WHILE v_number <= v_jobs DO
    SET v_after = (SELECT job_id FROM submission_job
      WHERE number = (SELECT after_number FROM submission_job WHERE number = v_number));
    INSERT INTO job (user_id, project_id, method_id, name, state, source, parameters, output, version, warnings,
      priority, first_task, tasks, tiles, after_job, submission, held, starts_paused, created_at)
    SELECT p_user, NULLIF(p_project, 0), method_id, TRIM(name), 'creating', source, parameters, output, version,
      warnings, priority, v_next, frames * tiles, tiles, v_after, v_submission, held, paused, v_now
    FROM submission_job WHERE number = v_number;
    UPDATE submission_job SET job_id = LAST_INSERT_ID(), first_task = v_next WHERE number = v_number;
    SELECT v_next + frames * tiles, COALESCE(v_submission, job_id) INTO v_next, v_submission
    FROM submission_job WHERE number = v_number;
    SET v_number = v_number + 1;
  END WHILE;
  INSERT INTO job_file (job_id, number, path, blob_id)
  SELECT j.job_id, f.number, f.path, b.id
  FROM submission_job j JOIN submission_file f ON f.file_set = j.file_set JOIN `blob` b ON b.sha256 = f.sha256;
  COMMIT;
END
