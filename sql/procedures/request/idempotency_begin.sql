-- Begins a request that creates something at most once. Row: answer (sealed, NULL: none was kept), created_id (0:
-- nothing was created). If both are missing the request is to be done: until idempotency_finish this connection owns
-- the key, which a lost connection gives up, and what procedures create on it is written to the key. DR400 an invalid
-- key, DR422 the key was used for another request, DR425 the first request with it is still being done.
CREATE OR REPLACE PROCEDURE idempotency_begin(IN p_user_id BIGINT, IN p_key VARCHAR(1000),
  IN p_request_sha256 VARBINARY(64))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin;  -- as the column: letters of two cases differ
  DECLARE v_found VARBINARY(64);
  DECLARE v_answer MEDIUMBLOB;
  DECLARE v_created_id BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    DO RELEASE_LOCK(idempotency_lock_name(p_user_id, p_key));
    RESIGNAL;
  END;

  IF COALESCE(p_key, '') COLLATE utf8mb4_bin NOT REGEXP '^[A-Za-z0-9._:-]{1,64}\\z' THEN
    CALL error_raise(400, 'the idempotency key needs 1 to 64 letters, digits, ".", "_", ":" and "-"');
  END IF;
  SET v_key = p_key, @idempotency_user_id = NULL, @idempotency_key = NULL;
  IF COALESCE(GET_LOCK(idempotency_lock_name(p_user_id, p_key), 0), 0) = 0 THEN
    CALL error_raise(425, 'the first request with this key is still being done; retry in a moment');
  END IF;
  DELETE FROM idempotent_request
  WHERE user_id = p_user_id AND idempotency_key = v_key AND created_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY;
  SELECT request_sha256, answer, created_id INTO v_found, v_answer, v_created_id
  FROM idempotent_request WHERE user_id = p_user_id AND idempotency_key = v_key;
  IF v_found <> p_request_sha256 THEN
    CALL error_raise(422, CONCAT('the key "', p_key, '" was used for another request; take a new key'));
  END IF;
  IF v_answer IS NOT NULL OR v_created_id IS NOT NULL THEN
    DO RELEASE_LOCK(idempotency_lock_name(p_user_id, p_key));
  ELSE
    REPLACE INTO idempotent_request (user_id, idempotency_key, request_sha256, created_at)
    VALUES (p_user_id, v_key, p_request_sha256, UTC_TIMESTAMP(3));
    SET @idempotency_user_id = p_user_id, @idempotency_key = v_key;
  END IF;
  SELECT v_answer AS answer, COALESCE(v_created_id, 0) AS created_id;
END
