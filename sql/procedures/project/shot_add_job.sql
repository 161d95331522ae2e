-- Adds a job to a shot of its project and clears the shot's manual state; p_shot_id 0: removes the job from its shot.
-- DR404 no such job or shot, DR409 the shot belongs to another project.
CREATE OR REPLACE PROCEDURE shot_add_job(IN p_shot_id BIGINT, IN p_job_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_project_id BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  IF p_shot_id <> 0 THEN
    SET v_project_id = (SELECT project_id FROM shot WHERE id = p_shot_id FOR UPDATE);
    IF v_project_id IS NULL THEN
      CALL error_raise(404, CONCAT('there is no shot ', p_shot_id));
    END IF;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM job WHERE id = p_job_id AND state <> 'creating' FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job_id));
  END IF;
  IF p_shot_id <> 0 AND NOT EXISTS (SELECT 1 FROM job WHERE id = p_job_id AND project_id = v_project_id) THEN
    CALL error_raise(409, CONCAT('job ', p_job_id, ' is not in the project of shot ', p_shot_id));
  END IF;
  UPDATE shot SET revision = revision + 1 WHERE id = (SELECT shot_id FROM job WHERE id = p_job_id) AND id <> p_shot_id;
  UPDATE job SET shot_id = NULLIF(p_shot_id, 0), revision = revision + 1 WHERE id = p_job_id;
  UPDATE shot SET state = NULL, revision = revision + 1 WHERE id = p_shot_id;
  COMMIT;
END
