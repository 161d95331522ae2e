-- Pauses an active job; p_paused_by: owner or moderator. Idempotent. DR404 no such job, DR409 it has ended,
-- DR412 another revision.
CREATE OR REPLACE PROCEDURE job_pause(IN p_job_id BIGINT, IN p_reason VARCHAR(2000),
  IN p_paused_by VARCHAR(16))
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
  IF v_state NOT IN ('active', 'paused') THEN
    CALL error_raise(409, CONCAT('job ', p_job_id, ' is ', v_state, ' and cannot be paused'));
  END IF;
  UPDATE job SET state = 'paused', paused_by = p_paused_by, state_reason = LEFT(p_reason, 1000), revision = revision + 1
  WHERE id = p_job_id AND state = 'active';
  COMMIT;
END
