-- Part of a transaction that creates something: writes its id to the key of the request, if this connection does one
-- with a key; see idempotency_begin. No errors.
CREATE OR REPLACE PROCEDURE idempotency_created(IN p_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT @idempotency_key;

  UPDATE idempotent_request SET created_id = p_id
  WHERE user_id = @idempotency_user_id AND idempotency_key = v_key AND created_id IS NULL;
END
