-- Makes a paused job active again and starts the count of failures that are alike anew. DR404 no such job, DR409 it
-- has ended.
CREATE OR REPLACE PROCEDURE job_resume(IN p_job BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_state VARCHAR(16);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SELECT state INTO v_state FROM job WHERE id = p_job AND state <> 'creating' FOR UPDATE;
  IF v_state IS NULL THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job));
  END IF;
  IF v_state = 'failed' THEN
    CALL error_raise(409, CONCAT('job ', p_job,
      ' is failed and cannot be resumed; requeue it to try its failed frames again'));
  END IF;
  IF v_state NOT IN ('active', 'paused') THEN
    CALL error_raise(409, CONCAT('job ', p_job, ' is ', v_state, ' and cannot be resumed'));
  END IF;
  IF v_state = 'paused' THEN
    DELETE FROM job_failure WHERE job_id = p_job;
    UPDATE job SET state = 'active', reason = '', revision = revision + 1,
      waits_since = IF(accepted = 0, UTC_TIMESTAMP(3), waits_since)
    WHERE id = p_job;
  END IF;
  COMMIT;
END
