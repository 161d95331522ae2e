-- Renames a shot, moves it to another sequence of its project, or sets its state; NULL keeps a value, state '' derives
-- it from its jobs. A sequence without shots is deleted. DR404 no such shot, DR400 an invalid value, DR411 the name is
-- taken, DR412 another revision.
CREATE OR REPLACE PROCEDURE shot_change(IN p_shot_id BIGINT, IN p_sequence_name VARCHAR(1000), IN p_name VARCHAR(1000),
  IN p_state VARCHAR(16))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_project_id BIGINT;
  DECLARE v_before BIGINT;
  DECLARE v_revision BIGINT;
  DECLARE v_sequence_id BIGINT;
  DECLARE v_name VARCHAR(64);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CALL shot_name_check(p_sequence_name, p_name);
  IF p_state NOT IN ('', 'waiting', 'work', 'review', 'done') THEN
    CALL error_raise(400, CONCAT('there is no shot state "', LEFT(p_state, 16),
      '"; use waiting, work, review or done'));
  END IF;
  START TRANSACTION;
  SET v_project_id = (SELECT project_id FROM shot WHERE id = p_shot_id);
  IF v_project_id IS NULL OR NOT EXISTS (SELECT 1 FROM project WHERE id = v_project_id FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no shot ', p_shot_id));
  END IF;
  SELECT sequence_id, COALESCE(TRIM(p_name), name), revision INTO v_before, v_name, v_revision
  FROM shot WHERE id = p_shot_id FOR UPDATE;
  CALL revision_check('shot', p_shot_id, v_revision);
  SET v_sequence_id = v_before;
  IF p_sequence_name IS NOT NULL THEN
    SET v_sequence_id = (SELECT id FROM sequence WHERE project_id = v_project_id AND name = TRIM(p_sequence_name));
    IF v_sequence_id IS NULL THEN
      INSERT INTO sequence (project_id, name, created_at) VALUES (v_project_id, TRIM(p_sequence_name),
        UTC_TIMESTAMP(3));
      SET v_sequence_id = LAST_INSERT_ID();
    END IF;
  END IF;
  IF EXISTS (SELECT 1 FROM shot WHERE sequence_id = v_sequence_id AND name = v_name AND id <> p_shot_id) THEN
    CALL error_raise(411, CONCAT('the sequence has a shot "', v_name, '" already'));
  END IF;
  UPDATE shot SET sequence_id = v_sequence_id, name = v_name, revision = revision + 1,
    state = CASE WHEN p_state IS NULL THEN state ELSE NULLIF(p_state, '') END
  WHERE id = p_shot_id;
  DELETE FROM sequence WHERE id = v_before AND NOT EXISTS (SELECT 1 FROM shot WHERE sequence_id = v_before);
  COMMIT;
END
