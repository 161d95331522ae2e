-- Deletes one of the user's tokens. DR404 the user has no such token.
CREATE OR REPLACE PROCEDURE token_delete(IN p_user_id BIGINT, IN p_token_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  DELETE FROM token WHERE id = p_token_id AND user_id = p_user_id;
  IF ROW_COUNT() = 0 THEN
    CALL error_raise(404, CONCAT('you have no token ', p_token_id));
  END IF;
  COMMIT;
END
