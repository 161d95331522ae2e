-- Puts a job into a shot of its own project; what somebody said of the shot before holds no more, for there is new
-- work. p_shot 0: takes it out of the one that it is in. DR404 no such job or shot, DR409 the shot is another
-- project's.
CREATE OR REPLACE PROCEDURE shot_add_job(IN p_shot BIGINT, IN p_job BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_project BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  IF p_shot <> 0 THEN
    SET v_project = (SELECT project_id FROM shot WHERE id = p_shot FOR UPDATE);
    IF v_project IS NULL THEN
      CALL error_raise(404, CONCAT('there is no shot ', p_shot));
    END IF;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM job WHERE id = p_job AND state <> 'creating' FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job));
  END IF;
  IF p_shot <> 0 AND NOT EXISTS (SELECT 1 FROM job WHERE id = p_job AND project_id = v_project) THEN
    CALL error_raise(409, CONCAT('job ', p_job, ' is not in the project of shot ', p_shot));
  END IF;
  UPDATE job SET shot_id = NULLIF(p_shot, 0) WHERE id = p_job;
  UPDATE shot SET state = NULL WHERE id = p_shot;
  COMMIT;
END
