-- Creates a user and their ledger accounts; the first user of a grid becomes administrator. Row: id, name, role. DR400
-- an invalid name, DR411 the name is taken (case-insensitive).
CREATE OR REPLACE PROCEDURE user_create(IN p_name VARCHAR(1000), IN p_email VARCHAR(1000),
  IN p_password_hash VARCHAR(255))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_user_id BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  CALL user_write(p_name, p_email, p_password_hash, v_user_id);
  COMMIT;
  SELECT id, name, role FROM user WHERE id = v_user_id;
END
