-- Deletes a project with its sequences and shots. DR404 no such project, DR409 jobs belong to it, DR412 another
-- revision.
CREATE OR REPLACE PROCEDURE project_delete(IN p_project_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_revision BIGINT;
  DECLARE v_jobs BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SELECT revision INTO v_revision FROM project WHERE id = p_project_id FOR UPDATE;
  IF v_revision IS NULL THEN
    CALL error_raise(404, CONCAT('there is no project ', p_project_id));
  END IF;
  CALL revision_check('project', p_project_id, v_revision);
  SET v_jobs = (SELECT COUNT(*) FROM job WHERE project_id = p_project_id);
  IF v_jobs > 0 THEN
    CALL error_raise(409, CONCAT(v_jobs, IF(v_jobs = 1, ' job belongs', ' jobs belong'), ' to project ', p_project_id,
      '; delete them first'));
  END IF;
  DELETE FROM shot WHERE project_id = p_project_id;
  DELETE FROM sequence WHERE project_id = p_project_id;
  DELETE FROM slave_block WHERE kind = 'project' AND target_id = p_project_id;
  DELETE FROM project WHERE id = p_project_id;
  COMMIT;
END
