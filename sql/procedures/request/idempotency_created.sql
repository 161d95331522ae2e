-- Part of a transaction that creates something: writes its id to the key of the request, if this connection does one
-- with a key; see idempotency_begin. No errors.
CREATE OR REPLACE PROCEDURE idempotency_created(IN p_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  UPDATE idempotent_request SET created_id = p_id
  WHERE user_id = @idempotency_user_id AND idempotency_key = @idempotency_key AND created_id IS NULL;
END
