-- Renames a job or changes its priority among the owner's jobs; NULL keeps a value. DR404 no such job, DR400 an invalid
-- value, DR412 another revision.
CREATE OR REPLACE PROCEDURE job_change(IN p_job_id BIGINT, IN p_name VARCHAR(1000), IN p_priority INT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_revision BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SELECT revision INTO v_revision FROM job WHERE id = p_job_id AND state <> 'creating' FOR UPDATE;
  IF v_revision IS NULL THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job_id));
  END IF;
  CALL revision_check('job', p_job_id, v_revision);
  IF CHAR_LENGTH(TRIM(p_name)) NOT BETWEEN 1 AND 200 THEN
    CALL error_raise(400, 'a job needs a name of 1 to 200 characters');
  END IF;
  IF p_priority NOT BETWEEN 1 AND 100 THEN
    CALL error_raise(400, CONCAT('the priority ', p_priority, ' is not between 1 and 100'));
  END IF;
  UPDATE job SET name = COALESCE(TRIM(p_name), name), priority = COALESCE(p_priority, priority),
    revision = revision + (p_name IS NOT NULL OR p_priority IS NOT NULL)
  WHERE id = p_job_id;
  COMMIT;
END
