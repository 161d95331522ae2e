-- Creates an API token; p_scopes: names of scopes, spaces between; p_expires_ms: UNIX time, NULL: never. Row: id.
-- DR400 an invalid name, scope, time or hash, DR403 grid:admin for one who is neither moderator nor administrator,
-- DR404 no such user, DR411 the name is taken, DR413 100 tokens.
CREATE OR REPLACE PROCEDURE token_create(IN p_user_id BIGINT, IN p_name VARCHAR(1000), IN p_scopes VARCHAR(1000),
  IN p_secret_hash VARBINARY(64), IN p_expires_ms BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_token_id BIGINT;
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_now_ms BIGINT DEFAULT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', v_now) DIV 1000;
  DECLARE v_role VARCHAR(16);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF CHAR_LENGTH(TRIM(p_name)) NOT BETWEEN 1 AND 100 THEN
    CALL error_raise(400, 'a token needs a name of 1 to 100 characters');
  END IF;
  -- Each with a space behind it.
  IF CONCAT(p_scopes, ' ') COLLATE utf8mb4_bin NOT REGEXP
     '^(((jobs|slaves|points|account):(read|write)|files:write|grid:admin) )+\\z' THEN
    CALL error_raise(400, CONCAT('"', p_scopes, '" are no scopes; use jobs:read, jobs:write, files:write, ',
      'slaves:read, slaves:write, points:read, points:write, account:read, account:write and grid:admin'));
  END IF;
  IF p_expires_ms NOT BETWEEN v_now_ms AND v_now_ms + 3660 * 86400000 THEN
    CALL error_raise(400, 'expires_at: a token lasts at most 3,660 days from now on, and ends in the future');
  END IF;
  IF LENGTH(p_secret_hash) <> 32 THEN
    CALL error_raise(400, 'a token needs the 32-byte hash of its secret');
  END IF;

  START TRANSACTION;
  SELECT role INTO v_role FROM user WHERE id = p_user_id AND name IS NOT NULL FOR UPDATE;
  IF v_role IS NULL THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  IF v_role = 'user' AND FIND_IN_SET('grid:admin', REPLACE(p_scopes, ' ', ',')) > 0 THEN
    CALL error_raise(403, 'only moderators and administrators may have a token with the scope grid:admin');
  END IF;
  IF EXISTS (SELECT 1 FROM token WHERE user_id = p_user_id AND name = TRIM(p_name)) THEN
    CALL error_raise(411, CONCAT('you have a token "', TRIM(p_name), '" already'));
  END IF;
  IF (SELECT COUNT(*) FROM token WHERE user_id = p_user_id) >= 100 THEN
    CALL error_raise(413, 'you have 100 tokens already; delete some that you no longer use');
  END IF;
  INSERT INTO token (user_id, name, scopes, secret_hash, created_at, expires_at)
  VALUES (p_user_id, TRIM(p_name), REPLACE(p_scopes, ' ', ','), p_secret_hash, v_now,
    TIMESTAMPADD(MICROSECOND, p_expires_ms * 1000, '1970-01-01'));
  SET v_token_id = LAST_INSERT_ID();
  CALL idempotency_created(v_token_id);
  COMMIT;
  SELECT v_token_id AS id;
END
