-- Shows a submission whose jobs, tasks and folders are all there: in one transaction its jobs become active, or paused
-- when that was asked for or their owner is blocked, and belong to the shot, which is made where it is new ('': none).
-- p_submission: the first job. DR400 names of a shot that cannot be, or frames named twice; DR404 it was given up;
-- DR409 not all of its tasks are there, or the project has too many shots.
CREATE OR REPLACE PROCEDURE submission_complete(IN p_submission BIGINT, IN p_sequence VARCHAR(1000),
  IN p_shot VARCHAR(1000))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_user BIGINT;
  DECLARE v_project BIGINT;
  DECLARE v_blocked BOOLEAN;
  DECLARE v_shot BIGINT;
  DECLARE v_missing INT;
  DECLARE v_twice INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  SELECT user_id, project_id INTO v_user, v_project FROM job WHERE id = p_submission AND state = 'creating';
  IF v_user IS NULL THEN
    CALL error_raise(404, 'the submission was given up before it was complete; submit it again');
  END IF;
  SELECT SUM(c.tasks <> c.found), SUM(c.found - c.frames * c.tiles) INTO v_missing, v_twice
  FROM (SELECT j.id, j.tasks, j.tiles, COUNT(t.id) AS found, COUNT(DISTINCT t.frame) AS frames
        FROM job j LEFT JOIN task t FORCE INDEX (PRIMARY) ON t.id >= j.first_task AND t.id < j.first_task + j.tasks
        WHERE j.id = p_submission OR j.submission = p_submission GROUP BY j.id) c;
  IF v_missing > 0 THEN
    CALL error_raise(409, CONCAT('not all frames of submission ', p_submission, ' are there'));
  END IF;
  IF v_twice > 0 THEN
    CALL error_raise(400, CONCAT(v_twice, ' frames are named twice'));
  END IF;

  START TRANSACTION;
  SELECT blocked_at IS NOT NULL INTO v_blocked FROM user WHERE id = v_user LOCK IN SHARE MODE;
  IF p_shot <> '' THEN
    CALL shot_find(v_project, p_sequence, p_shot, v_shot);
    UPDATE shot SET state = NULL WHERE id = v_shot;
  END IF;
  UPDATE job
  SET state = IF(starts_paused OR v_blocked, 'paused', 'active'),
    reason = IF(v_blocked, 'paused: its owner is blocked', ''),
    revision = revision + 1, shot_id = v_shot, created_at = v_now
  WHERE (id = p_submission OR submission = p_submission) AND state = 'creating';
  IF ROW_COUNT() = 0 THEN
    CALL error_raise(404, 'the submission was given up before it was complete; submit it again');
  END IF;
  INSERT INTO event (created_at, kind, user_id, job_id, message)
  SELECT v_now, 'job_created', user_id, id, CONCAT('Job ', id, ' (', name, ') was submitted')
  FROM job WHERE id = p_submission OR submission = p_submission ORDER BY id;
  COMMIT;
END
