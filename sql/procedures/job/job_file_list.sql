-- The files of a job. Rows: path, sha256 (hexadecimal), size in bytes. DR404 no such job.
CREATE OR REPLACE PROCEDURE job_file_list(IN p_job_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  IF NOT EXISTS (SELECT 1 FROM job WHERE id = p_job_id AND state <> 'creating') THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job_id));
  END IF;
  SELECT f.path, LOWER(HEX(b.sha256)) AS sha256, b.size_bytes
  FROM job_file f JOIN `blob` b ON b.id = f.blob_id
  WHERE f.job_id = p_job_id ORDER BY f.number;
END
