-- Makes a paused job active and resets the count of equal failures. DR404 no such job, DR409 it has ended, DR412
-- another revision.
CREATE OR REPLACE PROCEDURE job_resume(IN p_job_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_state VARCHAR(16);
  DECLARE v_revision BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SELECT state, revision INTO v_state, v_revision FROM job WHERE id = p_job_id AND state <> 'creating' FOR UPDATE;
  IF v_state IS NULL THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job_id));
  END IF;
  CALL revision_check('job', p_job_id, v_revision);
  IF v_state = 'failed' THEN
    CALL error_raise(409, CONCAT('job ', p_job_id,
      ' is failed and cannot be resumed; requeue it to try its failed frames again'));
  END IF;
  IF v_state NOT IN ('active', 'paused') THEN
    CALL error_raise(409, CONCAT('job ', p_job_id, ' is ', v_state, ' and cannot be resumed'));
  END IF;
  IF v_state = 'paused' THEN
    DELETE FROM job_failure WHERE job_id = p_job_id;
    UPDATE job SET state = 'active', state_reason = '', revision = revision + 1,
      waiting_since = IF(accepted_count = 0, UTC_TIMESTAMP(3), waiting_since)
    WHERE id = p_job_id;
  END IF;
  COMMIT;
END
