-- Creates a user by an invitation, which is used up. Row: id, name, role. DR400 an invalid name, DR403 the invitation
-- is unknown, was used or has expired, or who invites may no longer, DR411 the name is taken (case-insensitive).
CREATE OR REPLACE PROCEDURE user_create_invited(IN p_name VARCHAR(1000), IN p_email VARCHAR(1000),
  IN p_password_hash VARCHAR(255), IN p_secret_hash VARBINARY(64))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_number BIGINT;
  DECLARE v_user_id BIGINT;
  DECLARE v_invitation_id BIGINT;
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SELECT next_value INTO v_number FROM counter WHERE name = 'user' FOR UPDATE;  -- first, as user_delete
  SET v_invitation_id = (SELECT i.id FROM invitation i JOIN user u ON u.id = i.user_id AND u.blocked_at IS NULL
      AND u.role <> 'user'
    WHERE i.secret_hash = p_secret_hash AND i.used_at IS NULL AND i.expires_at > v_now FOR UPDATE);
  IF v_invitation_id IS NULL THEN
    CALL error_raise(403, 'this invitation is not valid any more; ask for another one');
  END IF;
  CALL user_write(p_name, p_email, p_password_hash, v_user_id);
  UPDATE invitation SET used_at = v_now, used_by_user_id = v_user_id WHERE id = v_invitation_id;
  COMMIT;
  SELECT id, name, role FROM user WHERE id = v_user_id;
END
