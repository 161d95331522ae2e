-- Closes a session; closing an unknown one is nothing.
-- No errors.
CREATE OR REPLACE PROCEDURE session_delete(IN p_secret_hash VARBINARY(64))
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  DELETE FROM session WHERE secret_hash = p_secret_hash;
  COMMIT;
END
