-- Finds a project's shot by its names, or makes it, and its sequence; the row that comes back holds its id.
-- DR400 a bad name, DR404 no such project, DR409 too many.
CREATE OR REPLACE PROCEDURE shot_ensure(IN p_project BIGINT, IN p_sequence VARCHAR(1000), IN p_name VARCHAR(1000))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_sequence BIGINT;
  DECLARE v_shot BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CALL shot_name_check(p_sequence, p_name);
  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM project WHERE id = p_project FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no project ', p_project));
  END IF;
  SET v_sequence = (SELECT id FROM sequence WHERE project_id = p_project AND name = TRIM(p_sequence));
  SET v_shot = (SELECT id FROM shot WHERE sequence_id = v_sequence AND name = TRIM(p_name));
  IF v_shot IS NULL THEN
    IF (SELECT COUNT(*) FROM shot WHERE project_id = p_project) >= 10000 THEN
      CALL error_raise(409, CONCAT('project ', p_project, ' has 10,000 shots already; begin another one'));
    END IF;
    IF v_sequence IS NULL THEN
      INSERT INTO sequence (project_id, name, created_at) VALUES (p_project, TRIM(p_sequence), v_now);
      SET v_sequence = LAST_INSERT_ID();
    END IF;
    INSERT INTO shot (project_id, sequence_id, name, created_at) VALUES (p_project, v_sequence, TRIM(p_name), v_now);
    SET v_shot = LAST_INSERT_ID();
  END IF;
  COMMIT;
  SELECT v_shot AS id;
END
