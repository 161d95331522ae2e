-- One project, one row, with the columns of project_list. DR404 no such project.
CREATE OR REPLACE PROCEDURE project_show(IN p_project_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  IF NOT EXISTS (SELECT 1 FROM project WHERE id = p_project_id) THEN
    CALL error_raise(404, CONCAT('there is no project ', p_project_id));
  END IF;
  SELECT p.id, p.user_id, p.name, (SELECT COUNT(*) FROM job WHERE project_id = p.id AND state <> 'creating') AS jobs,
    p.revision
  FROM project p WHERE p.id = p_project_id;
END
