-- Finds a project's shot by its names, or makes it, and its sequence; the row that comes back holds its id.
-- DR400 a bad name, DR404 no such project, DR409 too many.
CREATE OR REPLACE PROCEDURE shot_ensure(IN p_project BIGINT, IN p_sequence VARCHAR(1000), IN p_name VARCHAR(1000))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_shot BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  CALL shot_find(p_project, p_sequence, p_name, v_shot);
  COMMIT;
  SELECT v_shot AS id;
END
