-- Deletes the rows of up to p_limit blobs that no job and no renderer uses and that no one uploaded or requested within
-- p_age_s seconds. The caller deletes the files. Rows: the digest of each. No errors.
CREATE OR REPLACE PROCEDURE blob_delete_unused(IN p_age_s BIGINT, IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_before DATETIME(3) DEFAULT UTC_TIMESTAMP(3) - INTERVAL p_age_s SECOND;
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(p_limit, 1), 10000);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CREATE TEMPORARY TABLE IF NOT EXISTS blob_unused (
    id BIGINT NOT NULL PRIMARY KEY,
    sha256 BINARY(32) NOT NULL
  ) ENGINE=MEMORY;
  DELETE FROM blob_unused;

  START TRANSACTION;
  INSERT INTO blob_unused
  SELECT b.id, b.sha256 FROM `blob` b
  WHERE b.last_used_at <= v_before AND NOT EXISTS (SELECT 1 FROM job_file f WHERE f.blob_id = b.id)
    AND NOT EXISTS (SELECT 1 FROM renderer r WHERE r.blob_id = b.id)
  ORDER BY b.last_used_at LIMIT v_limit FOR UPDATE;
  DELETE b FROM `blob` b JOIN blob_unused u ON u.id = b.id;
  COMMIT;

  SELECT LOWER(HEX(sha256)) AS sha256 FROM blob_unused ORDER BY id;
END
