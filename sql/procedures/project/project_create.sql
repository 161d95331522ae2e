-- Creates a project. Row: id. DR400 an invalid name, DR404 no such user, DR411 the name is taken.
CREATE OR REPLACE PROCEDURE project_create(IN p_user_id BIGINT, IN p_name VARCHAR(1000))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_project_id BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_user_id AND name IS NOT NULL FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  IF CHAR_LENGTH(TRIM(p_name)) NOT BETWEEN 1 AND 200 THEN
    CALL error_raise(400, 'a project needs a name of 1 to 200 characters');
  END IF;
  IF EXISTS (SELECT 1 FROM project WHERE user_id = p_user_id AND name = TRIM(p_name)) THEN
    CALL error_raise(411, CONCAT('you have a project "', TRIM(p_name), '" already'));
  END IF;
  INSERT INTO project (user_id, name, created_at) VALUES (p_user_id, TRIM(p_name), UTC_TIMESTAMP(3));
  SET v_project_id = LAST_INSERT_ID();
  CALL idempotency_created(v_project_id);
  COMMIT;
  SELECT v_project_id AS id;
END
