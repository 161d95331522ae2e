-- Pins a job for which no renderer is chosen yet: all its frames are rendered by this version and build from now on.
-- One that is pinned stays as it is. Row: renderer_version, renderer_build, wanted_version, saved_version, engine, as
-- they are then. DR400 an invalid version or build, DR404 no such job.
CREATE OR REPLACE PROCEDURE job_pin(IN p_job_id BIGINT, IN p_version VARCHAR(100), IN p_build VARCHAR(100))
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF CHAR_LENGTH(p_version) NOT BETWEEN 1 AND 64 OR p_build NOT REGEXP '^([0-9a-f]{64})?\\z' THEN
    CALL error_raise(400, CONCAT('"', LEFT(p_version, 64), '" of build "', LEFT(p_build, 64),
      '" is not a renderer'));
  END IF;
  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM job WHERE id = p_job_id AND state <> 'creating' FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job_id));
  END IF;
  UPDATE job SET renderer_version = p_version, renderer_build = UNHEX(p_build)
  WHERE id = p_job_id AND renderer_version = '';
  COMMIT;
  SELECT renderer_version, LOWER(HEX(renderer_build)) AS renderer_build, wanted_version, saved_version, engine
  FROM job WHERE id = p_job_id;
END
