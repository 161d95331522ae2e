-- The rest of a held job may be rendered. A job that is not held stays as it is. DR404 there is no such job, DR409 it
-- has ended.
CREATE OR REPLACE PROCEDURE job_approve(IN p_job BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_state VARCHAR(16);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SELECT state INTO v_state FROM job WHERE id = p_job AND state <> 'creating' FOR UPDATE;
  IF v_state IS NULL THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job));
  END IF;
  IF v_state NOT IN ('active', 'paused') THEN
    CALL error_raise(409, CONCAT('job ', p_job, ' is ', v_state, '; there is nothing left to approve'));
  END IF;
  UPDATE job SET held = FALSE, revision = revision + 1 WHERE id = p_job AND held;
  COMMIT;
END
