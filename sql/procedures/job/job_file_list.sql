-- The files of a job: path, sha256 (hexadecimal), size. DR404 when there is no such job.
-- One row a file.
CREATE OR REPLACE PROCEDURE job_file_list(IN p_job BIGINT)
SQL SECURITY DEFINER
BEGIN
  IF NOT EXISTS (SELECT 1 FROM job WHERE id = p_job AND state <> 'creating') THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job));
  END IF;
  SELECT f.path, LOWER(HEX(b.sha256)) AS sha256, b.size
  FROM job_file f JOIN `blob` b ON b.id = f.blob_id
  WHERE f.job_id = p_job ORDER BY f.number;
END
