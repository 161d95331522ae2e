-- A user's open sessions, newest first; p_secret_hash: of the one that asks ('' by an API token). Rows: id, when it was
-- created, last seen and expires, address, program, whether it is the one that asks. No errors.
CREATE OR REPLACE PROCEDURE session_list(IN p_user_id BIGINT, IN p_secret_hash VARBINARY(64))
SQL SECURITY DEFINER
BEGIN
  SELECT id, time_text(created_at) AS created_at, time_text(COALESCE(last_seen_at, created_at)) AS last_seen_at,
    time_text(expires_at) AS expires_at, address, user_agent, secret_hash = p_secret_hash AS is_current
  FROM session WHERE user_id = p_user_id AND expires_at > UTC_TIMESTAMP(3) ORDER BY id DESC;
END
