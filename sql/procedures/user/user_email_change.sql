-- Sets a user's e-mail address, '' removes it, NULL keeps it; a new one is to be confirmed, and links that were sent to
-- the old one hold no more. The same again changes nothing. DR400 an invalid value, DR404 no
-- such user, DR412 another revision.
CREATE OR REPLACE PROCEDURE user_email_change(IN p_user_id BIGINT, IN p_email VARCHAR(1000))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_name VARCHAR(64);
  DECLARE v_email VARCHAR(254);
  DECLARE v_revision BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF CHAR_LENGTH(COALESCE(p_email, '')) > 254 THEN
    CALL error_raise(400, 'an e-mail address has at most 254 characters');
  END IF;
  START TRANSACTION;
  SELECT name, email, revision INTO v_name, v_email, v_revision FROM user WHERE id = p_user_id FOR UPDATE;
  IF v_name IS NULL THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  CALL revision_check('user', p_user_id, v_revision);
  IF p_email IS NOT NULL AND NOT BINARY COALESCE(v_email, '') <=> BINARY p_email THEN
    UPDATE user SET email = NULLIF(p_email, ''), revision = revision + 1 WHERE id = p_user_id;
    UPDATE password_reset SET used_at = UTC_TIMESTAMP(3) WHERE user_id = p_user_id AND used_at IS NULL;
  END IF;
  COMMIT;
END
