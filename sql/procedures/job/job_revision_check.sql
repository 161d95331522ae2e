-- Before a request changes other rows than its job: DR404 no such job, DR412 another revision than this connection
-- expects (revision_expect).
CREATE OR REPLACE PROCEDURE job_revision_check(IN p_job_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_revision BIGINT;

  SELECT revision INTO v_revision FROM job WHERE id = p_job_id AND state <> 'creating';
  IF v_revision IS NULL THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job_id));
  END IF;
  CALL revision_check('job', p_job_id, v_revision);
END
