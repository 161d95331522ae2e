-- Some tasks of a submission that is not complete, a few thousand at once, so that no transaction is long:
-- [[task, job, frame]...]. DR404 when the job is not there any more, or the task's number is not one of its own.
CREATE OR REPLACE PROCEDURE submission_add_tasks(IN p_tasks LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_added INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;
  INSERT INTO task (id, job_id, frame)
  SELECT n.id, j.id, n.frame
  FROM JSON_TABLE(p_tasks, '$[*]' COLUMNS (id BIGINT PATH '$[0]', job BIGINT PATH '$[1]', frame INT PATH '$[2]')) n
  STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = n.job AND j.state = 'creating'
    AND n.id >= j.first_task AND n.id < j.first_task + j.tasks;
  SET v_added = ROW_COUNT();
  IF v_added <> JSON_LENGTH(p_tasks) THEN
    CALL error_raise(404, 'the submission was given up before it was complete; submit it again');
  END IF;
  COMMIT;
END
