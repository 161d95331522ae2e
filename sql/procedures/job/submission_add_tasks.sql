-- Adds tasks to an incomplete submission, a few thousand a call to keep transactions short. p_tasks: [[task, job,
-- frame]...]. DR404 the job was deleted, or the task's number is not one of its own.
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
    AND n.id >= j.first_task_id AND n.id < j.first_task_id + j.task_count;
  SET v_added = ROW_COUNT();
  IF v_added <> JSON_LENGTH(p_tasks) THEN
    CALL error_raise(404, 'the submission was given up before it was complete; submit it again');
  END IF;
  COMMIT;
END
