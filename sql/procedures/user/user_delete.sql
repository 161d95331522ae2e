-- Deletes a user's account: sessions, tokens, e-mail address, password and what was sent go, slaves are revoked, the
-- name is free again. Jobs and projects go later (user_gone_jobs, user_gone_clear); points stay in the ledger under the
-- number. p_secret_hash: of a session that is at most five minutes old. Rows: (1, id, NULL) per slave to disconnect,
-- (2, 0, secret_hash) per session that ended. DR403 the login is older, DR404 no such user, DR409 the last
-- administrator, DR412 another revision.
CREATE OR REPLACE PROCEDURE user_delete(IN p_user_id BIGINT, IN p_secret_hash VARBINARY(64))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_number BIGINT;
  DECLARE v_name VARCHAR(64);
  DECLARE v_role VARCHAR(16);
  DECLARE v_revision BIGINT;
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CREATE TEMPORARY TABLE IF NOT EXISTS user_delete_effect (kind INT NOT NULL, id BIGINT NOT NULL,
    secret_hash BINARY(32) NULL) ENGINE=MEMORY;
  DELETE FROM user_delete_effect;

  START TRANSACTION;
  SELECT next_value INTO v_number FROM counter WHERE name = 'user' FOR UPDATE;  -- one at a time: who is the last?
  SELECT name, role, revision INTO v_name, v_role, v_revision FROM user WHERE id = p_user_id FOR UPDATE;
  IF v_name IS NULL THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  CALL revision_check('user', p_user_id, v_revision);
  IF NOT EXISTS (SELECT 1 FROM session WHERE secret_hash = p_secret_hash AND user_id = p_user_id
    AND created_at > v_now - INTERVAL 5 MINUTE) THEN
    CALL error_raise(403, 'this needs a login of the last five minutes; log in again, then repeat it');
  END IF;
  IF v_role = 'administrator' AND NOT EXISTS (SELECT 1 FROM user
      WHERE role = 'administrator' AND blocked_at IS NULL AND id <> p_user_id) THEN
    CALL error_raise(409, 'this is the last administrator; make somebody else one first');
  END IF;
  INSERT INTO user_delete_effect (kind, id) SELECT 1, id FROM slave WHERE user_id = p_user_id AND state = 'enabled';
  INSERT INTO user_delete_effect (kind, id, secret_hash)
  SELECT 2, 0, secret_hash FROM session WHERE user_id = p_user_id;
  UPDATE slave SET state = 'revoked', name = '', address = '', os = '', cpu_model = '', remote_settings = '', gpus = '',
    revision = revision + 1 WHERE user_id = p_user_id;
  DELETE b FROM slave_block b JOIN slave s ON s.id = b.slave_id WHERE s.user_id = p_user_id;
  DELETE FROM slave_block WHERE kind = 'user' AND target_id = p_user_id;
  DELETE FROM session WHERE user_id = p_user_id;
  DELETE FROM token WHERE user_id = p_user_id;
  DELETE FROM idempotent_request WHERE user_id = p_user_id;
  DELETE FROM email_code WHERE user_id = p_user_id;
  DELETE FROM invitation WHERE user_id = p_user_id;
  DELETE FROM password_reset WHERE user_id = p_user_id;
  DELETE FROM notification WHERE user_id = p_user_id;
  DELETE FROM notification_choice WHERE user_id = p_user_id;
  DELETE FROM webhook WHERE user_id = p_user_id;  -- and what was sent to it
  DELETE FROM blob_owner WHERE user_id = p_user_id;
  UPDATE user SET name = NULL, email = NULL, confirmed_email = NULL, password_hash = '', role = 'user',
    failed_logins = 0, locked_until = NULL, blocked_at = NULL, blocked_reason = NULL, revision = revision + 1
  WHERE id = p_user_id;
  UPDATE activity SET message = 'An account that was deleted since' WHERE user_id = p_user_id;
  INSERT INTO activity (created_at, kind, user_id, message)
  VALUES (v_now, 'user_deleted', p_user_id, CONCAT('Account ', p_user_id, ' was deleted by its owner'));
  COMMIT;
  SELECT kind, id, secret_hash FROM user_delete_effect;
END
