-- Deletes an invitation, used or not. DR404 there is no such invitation.
CREATE OR REPLACE PROCEDURE invitation_delete(IN p_invitation_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  DELETE FROM invitation WHERE id = p_invitation_id;
  IF ROW_COUNT() = 0 THEN
    CALL error_raise(404, CONCAT('there is no invitation ', p_invitation_id));
  END IF;
  COMMIT;
END
