-- Deletes a job that has ended, with its tasks, attempts and files, after settling its held grants and refunding its
-- boost; its transactions and its activity stay. DR404 no such job, DR409 it has not ended, or an unfinished job
-- depends on it, DR412 another revision.
CREATE OR REPLACE PROCEDURE job_delete(IN p_job_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_state VARCHAR(16);
  DECLARE v_revision BIGINT;
  DECLARE v_first BIGINT;
  DECLARE v_tasks INT;
  DECLARE v_after BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;
  SELECT state, revision, first_task_id, task_count INTO v_state, v_revision, v_first, v_tasks FROM job
    WHERE id = p_job_id AND state <> 'creating' FOR UPDATE;
  IF v_state IS NULL THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job_id));
  END IF;
  CALL revision_check('job', p_job_id, v_revision);
  IF v_state IN ('active', 'paused') THEN
    CALL error_raise(409, CONCAT('job ', p_job_id, ' is ', v_state, '; cancel it first'));
  END IF;
  SET v_after = (SELECT MIN(id) FROM job WHERE depends_on_job_id = p_job_id AND state IN ('active', 'paused'));
  IF v_after IS NOT NULL THEN
    CALL error_raise(409, CONCAT('job ', v_after, ' is made of the output of job ', p_job_id,
      '; cancel that one first'));
  END IF;
  CALL points_begin();
  INSERT INTO points_job (job_id) VALUES (p_job_id);
  WHILE EXISTS (SELECT 1 FROM held_grant WHERE job_id = p_job_id) DO
    CALL points_end_jobs(1000);
    CALL points_post();
    INSERT IGNORE INTO points_job (job_id) VALUES (p_job_id);
  END WHILE;
  CALL points_post();
  DELETE FROM lease WHERE task_id >= v_first AND task_id < v_first + v_tasks;
  DELETE FROM attempt_output WHERE task_id >= v_first AND task_id < v_first + v_tasks;
  DELETE FROM attempt_warning WHERE task_id >= v_first AND task_id < v_first + v_tasks;
  DELETE FROM attempt WHERE task_id >= v_first AND task_id < v_first + v_tasks;
  DELETE FROM task WHERE id >= v_first AND id < v_first + v_tasks;
  INSERT INTO activity (created_at, kind, user_id, job_id, message)
  SELECT UTC_TIMESTAMP(3), 'job_deleted', user_id, id, LEFT(CONCAT('Job ', id, ' (', name, ') was deleted'), 1000)
  FROM job WHERE id = p_job_id;
  DELETE FROM job WHERE id = p_job_id;
  COMMIT;
END
