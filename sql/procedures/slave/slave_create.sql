-- Creates a slave. Row: id. DR400 an invalid name, key or hash, DR404 no such user, DR409 the key exists, DR413 1,000
-- slaves.
CREATE OR REPLACE PROCEDURE slave_create(IN p_user_id BIGINT, IN p_name VARCHAR(1000), IN p_slavekey VARCHAR(200),
  IN p_password_hash VARBINARY(64))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_slave_id BIGINT;
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF CHAR_LENGTH(TRIM(p_name)) NOT BETWEEN 1 AND 100 THEN
    CALL error_raise(400, 'a slave needs a name of 1 to 100 characters');
  END IF;
  IF p_slavekey NOT REGEXP '^[A-Za-z0-9_-]{1,64}\\z' THEN
    CALL error_raise(400, 'a slavekey has 1 to 64 letters and digits');
  END IF;
  IF LENGTH(p_password_hash) <> 32 THEN
    CALL error_raise(400, 'a slave needs the 32-byte hash of its slavepassword');
  END IF;

  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_user_id AND name IS NOT NULL FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  IF EXISTS (SELECT 1 FROM slave WHERE slavekey = p_slavekey) THEN
    CALL error_raise(409, 'this slavekey is in use');
  END IF;
  IF (SELECT COUNT(*) FROM slave WHERE user_id = p_user_id AND state <> 'revoked') >= 1000 THEN
    CALL error_raise(413, 'you have 1,000 slaves already; revoke some that you no longer use');
  END IF;
  INSERT INTO slave (user_id, name, slavekey, password_hash, created_at)
  VALUES (p_user_id, TRIM(p_name), p_slavekey, p_password_hash, v_now);
  SET v_slave_id = LAST_INSERT_ID();
  CALL idempotency_created(v_slave_id);
  INSERT INTO activity (created_at, kind, user_id, slave_id, message)
  VALUES (v_now, 'slave_created', p_user_id, v_slave_id,
    CONCAT('Slave ', v_slave_id, ' (', TRIM(p_name), ') was enrolled'));
  COMMIT;
  SELECT v_slave_id AS id;
END
