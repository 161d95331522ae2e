-- Part of a transaction: writes a user and their ledger accounts; the first user of a grid becomes administrator.
-- DR400 an invalid value, DR411 the name is taken (case-insensitive).
CREATE OR REPLACE PROCEDURE user_write(IN p_name VARCHAR(1000), IN p_email VARCHAR(1000),
  IN p_password_hash VARCHAR(255), OUT p_user_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_number BIGINT;
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);

  IF p_name NOT REGEXP '^[[:alnum:]][[:alnum:]._-]{0,63}\\z' THEN
    CALL error_raise(400, CONCAT('"', p_name,
      '" cannot be a user''s name; use 1 to 64 letters, digits, ".", "_" and "-", a letter or digit first'));
  END IF;
  IF CHAR_LENGTH(p_email) > 254 THEN
    CALL error_raise(400, 'an e-mail address has at most 254 characters');
  END IF;
  IF p_password_hash = '' THEN
    CALL error_raise(400, 'a user needs a password');
  END IF;

  SELECT next_value INTO v_number FROM counter WHERE name = 'user' FOR UPDATE;  -- one at a time: who is the first?
  IF EXISTS (SELECT 1 FROM user WHERE name = p_name) THEN
    CALL error_raise(411, CONCAT('the name "', p_name, '" is taken'));
  END IF;
  INSERT INTO user (name, email, password_hash, role, created_at)
  VALUES (p_name, NULLIF(p_email, ''), p_password_hash,
    IF(EXISTS (SELECT 1 FROM user u), 'user', 'administrator'), v_now);
  SET p_user_id = LAST_INSERT_ID();
  INSERT INTO account (kind, user_id) VALUES ('pending', p_user_id), ('available', p_user_id);
  INSERT INTO activity (created_at, kind, user_id, message)
  VALUES (v_now, 'user_created', p_user_id, CONCAT(p_name, ' joined'));
END
