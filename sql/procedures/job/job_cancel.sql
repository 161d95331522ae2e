-- Cancels a job and its open tasks, keeps accepted frames and refunds the remaining boost. Idempotent. DR404 no such
-- job, DR409 it has finished or failed, DR412 another revision.
CREATE OR REPLACE PROCEDURE job_cancel(IN p_job_id BIGINT, IN p_reason VARCHAR(2000))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_state VARCHAR(16);
  DECLARE v_revision BIGINT;
  DECLARE v_first BIGINT;
  DECLARE v_tasks INT;
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;
  SELECT state, revision, first_task_id, task_count INTO v_state, v_revision, v_first, v_tasks FROM job
    WHERE id = p_job_id AND state <> 'creating' FOR UPDATE;
  IF v_state IS NULL THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job_id));
  END IF;
  CALL revision_check('job', p_job_id, v_revision);
  IF v_state IN ('finished', 'failed') THEN
    CALL error_raise(409, CONCAT('job ', p_job_id, ' is ', v_state, ' already and cannot be cancelled'));
  END IF;
  IF v_state <> 'cancelled' THEN
    UPDATE task SET state = 'cancelled' WHERE id >= v_first AND id < v_first + v_tasks AND state = 'ready';
    DELETE FROM lease WHERE task_id >= v_first AND task_id < v_first + v_tasks;
    DELETE FROM job_failure WHERE job_id = p_job_id;
    UPDATE job SET state = 'cancelled', revision = revision + 1, state_reason = LEFT(p_reason, 1000),
      finished_at = v_now
      WHERE id = p_job_id;
    INSERT INTO activity (created_at, kind, user_id, job_id, message)
    SELECT v_now, 'job_cancelled', user_id, id,
      LEFT(CONCAT('Job ', id, ' (', name, ') was cancelled: ', state_reason), 1000)
    FROM job WHERE id = p_job_id;
    CALL points_begin();
    INSERT INTO points_job (job_id) VALUES (p_job_id);
    CALL points_end_jobs(1000);
    CALL points_post();
  END IF;
  COMMIT;
END
