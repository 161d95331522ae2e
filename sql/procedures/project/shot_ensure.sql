-- Finds a project's shot by its names or creates it, and its sequence. Row: id. DR400 an invalid name, DR404 no such
-- project, DR413 too many shots.
CREATE OR REPLACE PROCEDURE shot_ensure(IN p_project_id BIGINT, IN p_sequence_name VARCHAR(1000),
  IN p_name VARCHAR(1000))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_shot_id BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  CALL shot_find(p_project_id, p_sequence_name, p_name, v_shot_id);
  CALL idempotency_created(v_shot_id);
  COMMIT;
  SELECT v_shot_id AS id;
END
