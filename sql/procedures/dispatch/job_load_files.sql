-- The files of one job or of every active or paused job (p_job_id 0). Rows: job_id, path, sha256 (hexadecimal), size
-- in bytes. No errors.
CREATE OR REPLACE PROCEDURE job_load_files(IN p_job_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT f.job_id, f.path, LOWER(HEX(b.sha256)) AS sha256, b.size_bytes
  FROM job j JOIN job_file f ON f.job_id = j.id JOIN `blob` b ON b.id = f.blob_id
  WHERE j.state IN ('active', 'paused') AND (p_job_id = 0 OR j.id = p_job_id)
  ORDER BY f.job_id, f.number;
END
