-- Deletes an incomplete submission: its tasks, a few thousand a statement, then its jobs. p_submission_id: the first
-- job. A complete or unknown one stays as it is. The caller has deleted the folders. No errors.
CREATE OR REPLACE PROCEDURE submission_delete(IN p_submission_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_from BIGINT;
  DECLARE v_to BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  -- The tasks of its jobs are one range: their ids were reserved together.
  SELECT MIN(first_task_id), MAX(first_task_id + task_count) INTO v_from, v_to
  FROM job WHERE (id = p_submission_id OR submission_id = p_submission_id) AND state = 'creating';
  WHILE v_from < v_to DO
    DELETE FROM task WHERE id >= v_from AND id < LEAST(v_from + 5000, v_to);
    SET v_from = v_from + 5000;
  END WHILE;
  DELETE FROM job WHERE (id = p_submission_id OR submission_id = p_submission_id) AND state = 'creating';
END
