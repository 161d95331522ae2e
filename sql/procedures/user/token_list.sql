-- A user's tokens, newest first. Rows: id, name, scopes, when it was created, was last
-- used and ends. No errors.
CREATE OR REPLACE PROCEDURE token_list(IN p_user_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT id, name, REPLACE(scopes, ',', ' ') AS scopes, time_text(created_at) AS created_at,
    time_text(last_used_at) AS last_used_at, time_text(expires_at) AS expires_at
  FROM token WHERE user_id = p_user_id ORDER BY id DESC;
END
