-- Gives a submission up that is not complete: its tasks, a few thousand at once, and at last its jobs. p_submission:
-- the first job. One that is complete, or not there, stays as it is. The caller has removed the folders. No errors.
CREATE OR REPLACE PROCEDURE submission_delete(IN p_submission BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_from BIGINT;
  DECLARE v_to BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  -- Its jobs' tasks are one range: their numbers were taken together.
  SELECT MIN(first_task), MAX(first_task + tasks) INTO v_from, v_to
  FROM job WHERE (id = p_submission OR submission = p_submission) AND state = 'creating';
  WHILE v_from < v_to DO
    DELETE FROM task WHERE id >= v_from AND id < LEAST(v_from + 5000, v_to);
    SET v_from = v_from + 5000;
  END WHILE;
  DELETE FROM job WHERE (id = p_submission OR submission = p_submission) AND state = 'creating';
END
