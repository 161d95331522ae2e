-- The user of a token; records its use, once a minute at most. Row: id, name, role, scopes, when it ended (NULL: it has
-- not; what has ended opens nothing), when it ends (UNIX ms, NULL: never). DR403 the user is blocked, DR404 unknown,
-- or the account was deleted.
CREATE OR REPLACE PROCEDURE token_find(IN p_secret_hash VARBINARY(64))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_token_id BIGINT DEFAULT (SELECT t.id FROM token t JOIN user u ON u.id = t.user_id AND u.name IS NOT NULL
    WHERE t.secret_hash = p_secret_hash);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF v_token_id IS NULL THEN
    CALL error_raise(404, 'this token is unknown or was deleted');
  END IF;
  CALL user_blocked_check((SELECT user_id FROM token WHERE id = v_token_id));
  IF EXISTS (SELECT 1 FROM token
             WHERE id = v_token_id AND (expires_at IS NULL OR expires_at > v_now)
               AND (last_used_at IS NULL OR last_used_at < v_now - INTERVAL 1 MINUTE)) THEN
    START TRANSACTION;
    UPDATE token SET last_used_at = v_now WHERE id = v_token_id;
    COMMIT;
  END IF;
  SELECT u.id, u.name, u.role, REPLACE(t.scopes, ',', ' ') AS scopes,
    IF(t.expires_at <= v_now, time_text(t.expires_at), NULL) AS expired_at,
    TIMESTAMPDIFF(MICROSECOND, '1970-01-01', t.expires_at) DIV 1000 AS expires_ms
  FROM token t JOIN user u ON u.id = t.user_id WHERE t.id = v_token_id;
END
