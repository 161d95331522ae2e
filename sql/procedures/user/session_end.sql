-- Ends one of a user's sessions. Row: secret_hash, by which open pages are told. DR404 the user has no such session.
CREATE OR REPLACE PROCEDURE session_end(IN p_user_id BIGINT, IN p_session_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_secret_hash BINARY(32);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SET v_secret_hash = (SELECT secret_hash FROM session
    WHERE id = p_session_id AND user_id = p_user_id AND expires_at > UTC_TIMESTAMP(3) FOR UPDATE);
  IF v_secret_hash IS NULL THEN
    CALL error_raise(404, CONCAT('you have no session ', p_session_id));
  END IF;
  DELETE FROM session WHERE secret_hash = v_secret_hash;
  COMMIT;
  SELECT v_secret_hash AS secret_hash;
END
