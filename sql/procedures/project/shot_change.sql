-- Renames a shot, moves it to another sequence of its project, or says how it stands; NULL leaves a value as it is, the
-- state '' is what its jobs say. A sequence without shots goes.
-- DR404 no such shot, DR400 a value that cannot be, DR409 the name is taken.
CREATE OR REPLACE PROCEDURE shot_change(IN p_shot BIGINT, IN p_sequence VARCHAR(1000), IN p_name VARCHAR(1000),
  IN p_state VARCHAR(16))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_project BIGINT;
  DECLARE v_before BIGINT;
  DECLARE v_sequence BIGINT;
  DECLARE v_name VARCHAR(64);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CALL shot_name_check(p_sequence, p_name);
  IF p_state NOT IN ('', 'waiting', 'work', 'review', 'done') THEN
    CALL error_raise(400, CONCAT('there is no shot state "', LEFT(p_state, 16),
      '"; use waiting, work, review or done'));
  END IF;
  START TRANSACTION;
  SET v_project = (SELECT project_id FROM shot WHERE id = p_shot);
  IF v_project IS NULL OR NOT EXISTS (SELECT 1 FROM project WHERE id = v_project FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no shot ', p_shot));
  END IF;
  SELECT sequence_id, COALESCE(TRIM(p_name), name) INTO v_before, v_name FROM shot WHERE id = p_shot FOR UPDATE;
  SET v_sequence = v_before;
  IF p_sequence IS NOT NULL THEN
    SET v_sequence = (SELECT id FROM sequence WHERE project_id = v_project AND name = TRIM(p_sequence));
    IF v_sequence IS NULL THEN
      INSERT INTO sequence (project_id, name, created_at) VALUES (v_project, TRIM(p_sequence), UTC_TIMESTAMP(3));
      SET v_sequence = LAST_INSERT_ID();
    END IF;
  END IF;
  IF EXISTS (SELECT 1 FROM shot WHERE sequence_id = v_sequence AND name = v_name AND id <> p_shot) THEN
    CALL error_raise(411, CONCAT('the sequence has a shot "', v_name, '" already'));
  END IF;
  UPDATE shot SET sequence_id = v_sequence, name = v_name,
    state = CASE WHEN p_state IS NULL THEN state ELSE NULLIF(p_state, '') END
  WHERE id = p_shot;
  DELETE FROM sequence WHERE id = v_before AND NOT EXISTS (SELECT 1 FROM shot WHERE sequence_id = v_before);
  COMMIT;
END
