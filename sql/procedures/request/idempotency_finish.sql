-- Ends what idempotency_begin began on this connection. p_answer: sealed; NULL: the request failed, so the key is free
-- again unless something was created. No errors.
CREATE OR REPLACE PROCEDURE idempotency_finish(IN p_user_id BIGINT,
  IN p_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, IN p_answer MEDIUMBLOB)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    DO RELEASE_LOCK(idempotency_lock_name(p_user_id, p_key));
    RESIGNAL;
  END;

  SET @idempotency_user_id = NULL, @idempotency_key = NULL;
  IF p_answer IS NULL THEN
    DELETE FROM idempotent_request WHERE user_id = p_user_id AND idempotency_key = p_key AND created_id IS NULL;
  ELSE
    UPDATE idempotent_request SET answer = p_answer WHERE user_id = p_user_id AND idempotency_key = p_key;
  END IF;
  DO RELEASE_LOCK(idempotency_lock_name(p_user_id, p_key));
END
