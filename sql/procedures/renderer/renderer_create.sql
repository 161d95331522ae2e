-- Registers an archive that this administrator has uploaded: from now on it is delivered, and new jobs choose it. Its
-- blob stays as long as it is registered. p_sha256, p_signature: hexadecimal. Row: id. DR400 an invalid value, DR403
-- not an administrator, DR404 no such method, DR409 this archive is registered, DR413 too many, DR424 it was not
-- uploaded.
CREATE OR REPLACE PROCEDURE renderer_create(IN p_administrator_id BIGINT, IN p_method VARCHAR(64),
  IN p_version VARCHAR(64), IN p_sha256 VARCHAR(100), IN p_file_name VARCHAR(1000), IN p_platform VARCHAR(32),
  IN p_layout VARCHAR(16), IN p_unpacked_bytes BIGINT, IN p_signature VARCHAR(200))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_method_id BIGINT;
  DECLARE v_blob_id BIGINT;
  DECLARE v_renderer_id BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF p_version NOT REGEXP '^[0-9]+([.][0-9]+)*\\z' OR p_layout NOT IN ('program', 'tree') OR p_unpacked_bytes < 1
    OR p_signature NOT REGEXP '^[0-9a-f]{128}\\z' OR p_sha256 NOT REGEXP '^[0-9a-f]{64}\\z' OR p_platform = '' THEN
    CALL error_raise(400, CONCAT('version "', LEFT(p_version, 40), '" of build "', LEFT(p_sha256, 70),
      '" is not a signed renderer'));
  END IF;
  START TRANSACTION;
  CALL admin_check(p_administrator_id);
  SET v_method_id = (SELECT id FROM render_method WHERE name = p_method FOR UPDATE);
  IF v_method_id IS NULL THEN
    CALL error_raise(404, CONCAT('there is no render method "', p_method, '"'));
  END IF;
  SELECT b.id INTO v_blob_id FROM `blob` b JOIN blob_owner o ON o.blob_id = b.id AND o.user_id = p_administrator_id
  WHERE b.sha256 = UNHEX(p_sha256) FOR UPDATE;
  IF v_blob_id IS NULL THEN
    CALL error_raise(424, CONCAT('the archive ', LEFT(p_sha256, 12), '... was not uploaded yet'));
  END IF;
  IF EXISTS (SELECT 1 FROM renderer WHERE blob_id = v_blob_id) THEN
    CALL error_raise(409, CONCAT('this very archive is renderer ', (SELECT id FROM renderer
      WHERE blob_id = v_blob_id), ' already'));
  END IF;
  IF (SELECT COUNT(*) FROM renderer) >= 64 THEN
    CALL error_raise(413, 'the grid delivers 64 renderers already; remove one first');
  END IF;
  INSERT INTO renderer (method_id, version, blob_id, file_name, platform, layout, unpacked_bytes, signature, user_id,
    created_at)
  VALUES (v_method_id, p_version, v_blob_id, LEFT(p_file_name, 200), p_platform, p_layout, p_unpacked_bytes,
    UNHEX(p_signature), p_administrator_id, UTC_TIMESTAMP(3));
  SET v_renderer_id = LAST_INSERT_ID();
  INSERT INTO activity (created_at, kind, user_id, message)
  SELECT UTC_TIMESTAMP(3), 'renderer_added', u.id, CONCAT(u.name, ' added the renderer ', p_method, ' ', p_version,
    ' (build ', LEFT(p_sha256, 12), ')')
  FROM user u WHERE u.id = p_administrator_id;
  CALL idempotency_created(v_renderer_id);
  COMMIT;
  SELECT v_renderer_id AS id;
END
