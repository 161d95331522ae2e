-- The first part of a submission: its jobs and files in one transaction, invisible (state creating). Leaves the ids in
-- the temporary table submission_job. submission_add_tasks adds the frames, submission_complete makes all visible.
-- Arguments and errors (DR400, DR404, DR424): see submission_create.
CREATE OR REPLACE PROCEDURE submission_write(IN p_user_id BIGINT, IN p_project_id BIGINT, IN p_jobs LONGTEXT,
  IN p_files LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_jobs INT;
  DECLARE v_number INT DEFAULT 1;
  DECLARE v_after BIGINT;
  DECLARE v_submission_id BIGINT;
  DECLARE v_files INT;
  DECLARE v_found INT;
  DECLARE v_next BIGINT;
  DECLARE v_tasks BIGINT;
  DECLARE v_bad TEXT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_user_id) THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  IF p_project_id <> 0 AND NOT EXISTS (SELECT 1 FROM project WHERE id = p_project_id AND user_id = p_user_id) THEN
    CALL error_raise(404, CONCAT('you have no project ', p_project_id));
  END IF;

  CREATE TEMPORARY TABLE IF NOT EXISTS submission_job (
    number INT NOT NULL PRIMARY KEY,
    name VARCHAR(1000) NOT NULL,
    method VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    method_id BIGINT NULL,
    main_file VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    parameters LONGTEXT NOT NULL,
    output LONGTEXT NOT NULL,
    min_version VARCHAR(64) NOT NULL,
    warnings LONGTEXT NOT NULL,
    priority INT NOT NULL,
    starts_paused BOOLEAN NOT NULL,
    needs_approval BOOLEAN NOT NULL,
    frame_count INT NOT NULL,
    tiles_per_frame INT NOT NULL,
    depends_on_number INT NOT NULL,
    file_set INT NOT NULL,
    is_final_output BOOLEAN NOT NULL,
    output_folder VARCHAR(1000) NOT NULL,
    renderer_version VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    renderer_build VARCHAR(64) NOT NULL,
    wanted_version VARCHAR(64) NOT NULL,
    saved_version VARCHAR(64) NOT NULL,
    engine VARCHAR(64) NOT NULL,
    job_id BIGINT NULL,
    first_task_id BIGINT NULL
  ) ENGINE=Aria TRANSACTIONAL=0 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
  DELETE FROM submission_job;
  INSERT INTO submission_job (number, name, method, method_id, main_file, parameters, output, min_version, warnings,
    priority, starts_paused, needs_approval, frame_count, tiles_per_frame, depends_on_number, file_set,
    is_final_output, output_folder, renderer_version, renderer_build, wanted_version, saved_version, engine)
  SELECT n.number, COALESCE(n.name, ''), n.method, m.id, COALESCE(n.main_file, ''), n.parameters, n.output,
    n.min_version, n.warnings, n.priority, n.starts_paused, n.needs_approval, n.frame_count, n.tiles_per_frame,
    n.depends_on_number, n.file_set, COALESCE(n.is_final_output, TRUE), COALESCE(n.output_folder, ''),
    COALESCE(n.renderer_version, ''), COALESCE(n.renderer_build, ''), COALESCE(n.wanted_version, ''),
    COALESCE(n.saved_version, ''), COALESCE(n.engine, '')
  FROM JSON_TABLE(p_jobs, '$[*]' COLUMNS (number FOR ORDINALITY, name TEXT PATH '$.name',
    method VARCHAR(64) PATH '$.method', main_file TEXT PATH '$.main_file', parameters LONGTEXT PATH '$.parameters',
    output LONGTEXT PATH '$.output', min_version VARCHAR(64) PATH '$.min_version', warnings LONGTEXT PATH '$.warnings',
    priority INT PATH '$.priority', starts_paused BOOLEAN PATH '$.starts_paused',
    needs_approval BOOLEAN PATH '$.needs_approval', frame_count INT PATH '$.frame_count',
    tiles_per_frame INT PATH '$.tiles_per_frame', depends_on_number INT PATH '$.depends_on',
    file_set INT PATH '$.file_set', is_final_output BOOLEAN PATH '$.is_final_output',
    output_folder VARCHAR(1000) PATH '$.output_folder', renderer_version VARCHAR(64) PATH '$.renderer_version',
    renderer_build VARCHAR(64) PATH '$.renderer_build', wanted_version VARCHAR(64) PATH '$.wanted_version',
    saved_version VARCHAR(64) PATH '$.saved_version', engine VARCHAR(64) PATH '$.engine')) n
  LEFT JOIN render_method m ON m.name = n.method COLLATE utf8mb4_bin;

  CREATE TEMPORARY TABLE IF NOT EXISTS submission_file (
    number INT NOT NULL PRIMARY KEY,
    file_set INT NOT NULL,
    path VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    sha256 BINARY(32) NOT NULL,
    size_bytes BIGINT NOT NULL
  ) ENGINE=Aria TRANSACTIONAL=0;
  DELETE FROM submission_file;
  INSERT INTO submission_file
  SELECT number, file_set, COALESCE(path, ''), COALESCE(UNHEX(sha256), ''), COALESCE(size_bytes, -1)
  FROM JSON_TABLE(p_files, '$[*]' COLUMNS (number FOR ORDINALITY, file_set INT PATH '$[0]', path TEXT PATH '$[1]',
    sha256 VARCHAR(64) PATH '$[2]', size_bytes BIGINT PATH '$[3]')) f;

  CALL submission_check();

  SELECT COUNT(*), SUM(frame_count * tiles_per_frame) INTO v_jobs, v_tasks FROM submission_job;
  SELECT COUNT(*) INTO v_files FROM submission_file;
  -- In a transaction of its own, so that the counter is locked only shortly.
  START TRANSACTION;
  SELECT next_value INTO v_next FROM counter WHERE name = 'task' FOR UPDATE;
  UPDATE counter SET next_value = next_value + v_tasks WHERE name = 'task';
  COMMIT;

  START TRANSACTION;
  -- Before a job is written, so that an error uses no id; locked, so that blob_delete_unused cannot intervene.
  SELECT COUNT(*) INTO v_found
  FROM submission_file f
  JOIN `blob` b ON b.sha256 = f.sha256 AND b.size_bytes = f.size_bytes
  JOIN blob_owner o ON o.blob_id = b.id AND o.user_id = p_user_id
  LOCK IN SHARE MODE;
  IF v_found <> v_files THEN
    SET v_bad = (SELECT CONCAT(COUNT(*), IF(COUNT(*) = 1, ' file was', ' files were'), ' not uploaded yet: ',
        GROUP_CONCAT(f.path ORDER BY f.number SEPARATOR ', ' LIMIT 3), IF(COUNT(*) > 3, ', ...', ''))
      FROM submission_file f
      WHERE NOT EXISTS (SELECT 1 FROM `blob` b JOIN blob_owner o ON o.blob_id = b.id AND o.user_id = p_user_id
        WHERE b.sha256 = f.sha256 AND b.size_bytes = f.size_bytes));
    CALL error_raise(424, v_bad);
  END IF;

  WHILE v_number <= v_jobs DO
    SET v_after = (SELECT job_id FROM submission_job
      WHERE number = (SELECT depends_on_number FROM submission_job WHERE number = v_number));
    INSERT INTO job (user_id, project_id, method_id, name, state, main_file, parameters, output, min_version, warnings,
      priority, first_task_id, task_count, tiles_per_frame, depends_on_job_id, submission_id, needs_approval,
      starts_paused, created_at, is_final_output, output_folder, renderer_version, renderer_build, wanted_version,
      saved_version, engine)
    SELECT p_user_id, NULLIF(p_project_id, 0), method_id, TRIM(name), 'creating', main_file, parameters, output,
      min_version, warnings, priority, v_next, frame_count * tiles_per_frame, tiles_per_frame, v_after, v_submission_id,
      needs_approval, starts_paused, v_now, is_final_output, LEFT(output_folder, 200), renderer_version,
      UNHEX(renderer_build), wanted_version, saved_version, engine
    FROM submission_job WHERE number = v_number;
    UPDATE submission_job SET job_id = LAST_INSERT_ID(), first_task_id = v_next WHERE number = v_number;
    SELECT v_next + frame_count * tiles_per_frame, COALESCE(v_submission_id, job_id) INTO v_next, v_submission_id
    FROM submission_job WHERE number = v_number;
    SET v_number = v_number + 1;
  END WHILE;
  INSERT INTO job_file (job_id, number, path, blob_id)
  SELECT j.job_id, f.number, f.path, b.id
  FROM submission_job j JOIN submission_file f ON f.file_set = j.file_set JOIN `blob` b ON b.sha256 = f.sha256;
  COMMIT;
END
