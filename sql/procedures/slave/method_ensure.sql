-- Creates a render method if it is new. DR400 a name that is not [a-z0-9_-]{1,64}.
CREATE OR REPLACE PROCEDURE method_ensure(IN p_name VARCHAR(200))
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  IF p_name COLLATE utf8mb4_bin NOT REGEXP '^[a-z0-9_-]{1,64}\\z' THEN
    CALL error_raise(400, CONCAT('"', p_name, '" cannot be a render method''s name; use a-z, 0-9, _ and -'));
  END IF;
  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM render_method WHERE name = p_name) THEN
    INSERT INTO render_method (name, created_at) VALUES (p_name, UTC_TIMESTAMP(3))
    ON DUPLICATE KEY UPDATE name = p_name;
  END IF;
  COMMIT;
END
