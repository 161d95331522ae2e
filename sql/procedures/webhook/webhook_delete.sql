-- Deletes a webhook with what was sent to it. DR404 the user has no such webhook, DR412 another revision.
CREATE OR REPLACE PROCEDURE webhook_delete(IN p_user_id BIGINT, IN p_webhook_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  CALL webhook_lock(p_user_id, p_webhook_id);
  DELETE FROM webhook WHERE id = p_webhook_id;
  COMMIT;
END
