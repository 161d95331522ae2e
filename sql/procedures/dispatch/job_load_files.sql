-- The files of every job that has not ended (p_job 0), or of one: job, path, sha256 (hexadecimal), size.
-- One row a file. No errors.
CREATE OR REPLACE PROCEDURE job_load_files(IN p_job BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT f.job_id, f.path, LOWER(HEX(b.sha256)) AS sha256, b.size
  FROM job j JOIN job_file f ON f.job_id = j.id JOIN `blob` b ON b.id = f.blob_id
  WHERE j.state IN ('active', 'paused') AND (p_job = 0 OR j.id = p_job)
  ORDER BY f.job_id, f.number;
END
