-- Part of a transaction: finds a project's shot by its names or creates it, and its sequence. DR400 an invalid name,
-- DR404 no such project, DR413 too many shots.
CREATE OR REPLACE PROCEDURE shot_find(IN p_project_id BIGINT, IN p_sequence_name VARCHAR(1000), IN p_name VARCHAR(1000),
  OUT p_shot_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_sequence_id BIGINT;

  CALL shot_name_check(p_sequence_name, p_name);
  IF p_project_id IS NULL OR NOT EXISTS (SELECT 1 FROM project WHERE id = p_project_id FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no project ', COALESCE(p_project_id, 0)));
  END IF;
  SET v_sequence_id = (SELECT id FROM sequence WHERE project_id = p_project_id AND name = TRIM(p_sequence_name));
  SET p_shot_id = (SELECT id FROM shot WHERE sequence_id = v_sequence_id AND name = TRIM(p_name));
  IF p_shot_id IS NULL THEN
    IF (SELECT COUNT(*) FROM shot WHERE project_id = p_project_id) >= 10000 THEN
      CALL error_raise(413, CONCAT('project ', p_project_id, ' has 10,000 shots already; begin another one'));
    END IF;
    IF v_sequence_id IS NULL THEN
      INSERT INTO sequence (project_id, name, created_at) VALUES (p_project_id, TRIM(p_sequence_name), v_now);
      SET v_sequence_id = LAST_INSERT_ID();
    END IF;
    INSERT INTO shot (project_id, sequence_id, name, created_at) VALUES (p_project_id, v_sequence_id, TRIM(p_name),
      v_now);
    SET p_shot_id = LAST_INSERT_ID();
  END IF;
END
