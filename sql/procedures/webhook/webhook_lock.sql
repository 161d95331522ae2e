-- Part of a transaction that changes a webhook: locks it and checks that it is the user's, and of the revision that
-- this connection expects. DR404 the user has no such webhook, DR412 another revision.
CREATE OR REPLACE PROCEDURE webhook_lock(IN p_user_id BIGINT, IN p_webhook_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_revision BIGINT;
  SELECT revision INTO v_revision FROM webhook WHERE id = p_webhook_id AND user_id = p_user_id FOR UPDATE;
  IF v_revision IS NULL THEN
    CALL error_raise(404, CONCAT('you have no webhook ', p_webhook_id));
  END IF;
  CALL revision_check('webhook', p_webhook_id, v_revision);
END
