-- The digests in p_sha256 (a JSON array of hexadecimal strings) that this user has never uploaded, in order; the
-- others count as used now. Rows: digest. DR400 not a digest.
CREATE OR REPLACE PROCEDURE blob_missing(IN p_user_id BIGINT, IN p_sha256 LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_bad TEXT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  SET v_bad = (SELECT COALESCE(digest, 'null') FROM JSON_TABLE(p_sha256, '$[*]' COLUMNS (digest TEXT PATH '$')) d
    WHERE digest IS NULL OR digest NOT REGEXP '^[0-9a-fA-F]{64}\\z' LIMIT 1);
  IF v_bad IS NOT NULL THEN
    CALL error_raise(400, CONCAT('"', LEFT(v_bad, 100), '" is not a SHA-256 in hexadecimal'));
  END IF;

  START TRANSACTION;
  UPDATE `blob` b
  JOIN (SELECT UNHEX(digest) AS sha256 FROM JSON_TABLE(p_sha256, '$[*]' COLUMNS (digest CHAR(64) PATH '$')) n) d
    ON d.sha256 = b.sha256
  JOIN blob_owner o ON o.blob_id = b.id AND o.user_id = p_user_id
  SET b.last_used_at = v_now
  WHERE b.last_used_at < v_now - INTERVAL 10 MINUTE;
  COMMIT;

  SELECT LOWER(d.digest) AS sha256
  FROM JSON_TABLE(p_sha256, '$[*]' COLUMNS (number FOR ORDINALITY, digest CHAR(64) PATH '$')) d
  LEFT JOIN `blob` b ON b.sha256 = UNHEX(d.digest)
  LEFT JOIN blob_owner o ON o.blob_id = b.id AND o.user_id = p_user_id
  WHERE o.user_id IS NULL
  GROUP BY LOWER(d.digest) ORDER BY MIN(d.number);
END
