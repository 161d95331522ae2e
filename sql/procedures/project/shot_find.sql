-- Part of a transaction: finds a project's shot by its names, or makes it, and its sequence. DR400 a bad name, DR404 no
-- such project, DR409 too many.
CREATE OR REPLACE PROCEDURE shot_find(IN p_project BIGINT, IN p_sequence VARCHAR(1000), IN p_name VARCHAR(1000),
  OUT p_shot BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_sequence BIGINT;

  CALL shot_name_check(p_sequence, p_name);
  IF p_project IS NULL OR NOT EXISTS (SELECT 1 FROM project WHERE id = p_project FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no project ', COALESCE(p_project, 0)));
  END IF;
  SET v_sequence = (SELECT id FROM sequence WHERE project_id = p_project AND name = TRIM(p_sequence));
  SET p_shot = (SELECT id FROM shot WHERE sequence_id = v_sequence AND name = TRIM(p_name));
  IF p_shot IS NULL THEN
    IF (SELECT COUNT(*) FROM shot WHERE project_id = p_project) >= 10000 THEN
      CALL error_raise(413, CONCAT('project ', p_project, ' has 10,000 shots already; begin another one'));
    END IF;
    IF v_sequence IS NULL THEN
      INSERT INTO sequence (project_id, name, created_at) VALUES (p_project, TRIM(p_sequence), v_now);
      SET v_sequence = LAST_INSERT_ID();
    END IF;
    INSERT INTO shot (project_id, sequence_id, name, created_at) VALUES (p_project, v_sequence, TRIM(p_name), v_now);
    SET p_shot = LAST_INSERT_ID();
  END IF;
END
