-- Records a finished upload: the blob and that this user uploaded it. Idempotent. DR400 an invalid digest or size,
-- DR404 no such user, DR409 the digest is known with another size.
CREATE OR REPLACE PROCEDURE blob_record(IN p_user_id BIGINT, IN p_sha256 VARCHAR(100), IN p_size BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_blob_id BIGINT;
  DECLARE v_size BIGINT;
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF p_sha256 NOT REGEXP '^[0-9a-fA-F]{64}\\z' THEN
    CALL error_raise(400, CONCAT('"', p_sha256, '" is not a SHA-256 in hexadecimal'));
  END IF;
  IF p_size < 0 THEN
    CALL error_raise(400, CONCAT('a file cannot have ', p_size, ' bytes'));
  END IF;
  IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_user_id) THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;

  START TRANSACTION;
  INSERT INTO `blob` (sha256, size_bytes, created_at, last_used_at) VALUES (UNHEX(p_sha256), p_size, v_now, v_now)
  ON DUPLICATE KEY UPDATE last_used_at = v_now;
  SELECT id, size_bytes INTO v_blob_id, v_size FROM `blob` WHERE sha256 = UNHEX(p_sha256) FOR UPDATE;
  IF v_size <> p_size THEN
    CALL error_raise(409, CONCAT('the file ', LEFT(p_sha256, 12), '... is known with ', v_size,
      ' bytes, not ', p_size));
  END IF;
  INSERT INTO blob_owner (user_id, blob_id) VALUES (p_user_id, v_blob_id) ON DUPLICATE KEY UPDATE blob_id = v_blob_id;
  COMMIT;
END
