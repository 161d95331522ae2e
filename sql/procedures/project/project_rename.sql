-- Renames a project. DR400 an invalid name, DR404 no such project, DR411 the name is taken, DR412 another revision.
CREATE OR REPLACE PROCEDURE project_rename(IN p_project_id BIGINT, IN p_name VARCHAR(1000))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_user_id BIGINT;
  DECLARE v_revision BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SELECT user_id, revision INTO v_user_id, v_revision FROM project WHERE id = p_project_id FOR UPDATE;
  IF v_user_id IS NULL THEN
    CALL error_raise(404, CONCAT('there is no project ', p_project_id));
  END IF;
  CALL revision_check('project', p_project_id, v_revision);
  IF CHAR_LENGTH(TRIM(COALESCE(p_name, ''))) NOT BETWEEN 1 AND 200 THEN
    CALL error_raise(400, 'a project needs a name of 1 to 200 characters');
  END IF;
  IF EXISTS (SELECT 1 FROM project WHERE user_id = v_user_id AND name = TRIM(p_name) AND id <> p_project_id) THEN
    CALL error_raise(411, CONCAT('you have a project "', TRIM(p_name), '" already'));
  END IF;
  UPDATE project SET name = TRIM(p_name), revision = revision + 1 WHERE id = p_project_id;
  COMMIT;
END
