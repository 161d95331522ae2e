-- Makes a submission visible in one transaction, when all its jobs, tasks and folders exist: its jobs become active,
-- or paused when requested or when their owner is blocked, and join the shot, which is created if it is new ('':
-- none). p_submission_id: the first job. DR400 invalid names of a shot, or a frame is listed twice; DR404 the
-- submission was deleted; DR409 tasks are missing; DR413 the project has too many shots.
CREATE OR REPLACE PROCEDURE submission_complete(IN p_submission_id BIGINT, IN p_sequence_name VARCHAR(1000),
  IN p_shot_name VARCHAR(1000))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_user_id BIGINT;
  DECLARE v_project_id BIGINT;
  DECLARE v_blocked BOOLEAN;
  DECLARE v_shot_id BIGINT;
  DECLARE v_missing INT;
  DECLARE v_twice INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  SELECT user_id, project_id INTO v_user_id, v_project_id FROM job WHERE id = p_submission_id AND state = 'creating';
  IF v_user_id IS NULL THEN
    CALL error_raise(404, 'the submission was given up before it was complete; submit it again');
  END IF;
  SELECT SUM(c.task_count <> c.found), SUM(c.found - c.frames * c.tiles_per_frame) INTO v_missing, v_twice
  FROM (SELECT j.id, j.task_count, j.tiles_per_frame, COUNT(t.id) AS found, COUNT(DISTINCT t.frame) AS frames
        FROM job j LEFT JOIN task t FORCE INDEX (PRIMARY) ON t.id >= j.first_task_id
          AND t.id < j.first_task_id + j.task_count
        WHERE j.id = p_submission_id OR j.submission_id = p_submission_id GROUP BY j.id) c;
  IF v_missing > 0 THEN
    CALL error_raise(409, CONCAT('not all frames of submission ', p_submission_id, ' are there'));
  END IF;
  IF v_twice > 0 THEN
    CALL error_raise(400, CONCAT(v_twice, ' frames are named twice'));
  END IF;

  START TRANSACTION;
  SELECT blocked_at IS NOT NULL INTO v_blocked FROM user WHERE id = v_user_id LOCK IN SHARE MODE;
  IF p_shot_name <> '' THEN
    CALL shot_find(v_project_id, p_sequence_name, p_shot_name, v_shot_id);
    UPDATE shot SET state = NULL, revision = revision + 1 WHERE id = v_shot_id;
  END IF;
  UPDATE job
  SET state = IF(starts_paused OR v_blocked, 'paused', 'active'),
    paused_by = IF(v_blocked, 'server', IF(starts_paused, 'owner', NULL)),
    state_reason = IF(v_blocked, 'paused: its owner is blocked', ''),
    revision = revision + 1, shot_id = v_shot_id, created_at = v_now
  WHERE (id = p_submission_id OR submission_id = p_submission_id) AND state = 'creating';
  IF ROW_COUNT() = 0 THEN
    CALL error_raise(404, 'the submission was given up before it was complete; submit it again');
  END IF;
  CALL idempotency_created(p_submission_id);
  INSERT INTO activity (created_at, kind, user_id, job_id, message)
  SELECT v_now, 'job_created', user_id, id, CONCAT('Job ', id, ' (', name, ') was submitted')
  FROM job WHERE id = p_submission_id OR submission_id = p_submission_id ORDER BY id;
  COMMIT;
END
