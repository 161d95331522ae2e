-- Part of submission_write: DR400 for the first invalid value in submission_job and submission_file, with the value.
CREATE OR REPLACE PROCEDURE submission_check()
SQL SECURITY DEFINER
BEGIN
  DECLARE v_name VARCHAR(1000);
  DECLARE v_method_name VARCHAR(64);
  DECLARE v_number INT;
  DECLARE v_bad TEXT;

  IF NOT EXISTS (SELECT 1 FROM submission_job) THEN
    CALL error_raise(400, 'a submission has at least one job');
  END IF;
  IF EXISTS (SELECT 1 FROM submission_job WHERE CHAR_LENGTH(TRIM(name)) NOT BETWEEN 1 AND 200) THEN
    CALL error_raise(400, 'a job needs a name of 1 to 200 characters');
  END IF;
  SET v_method_name = (SELECT method FROM submission_job WHERE method_id IS NULL LIMIT 1);
  IF v_method_name IS NOT NULL THEN
    CALL error_raise(400, CONCAT('the render method "', v_method_name, '" is not known here'));
  END IF;
  SET v_number = (SELECT priority FROM submission_job WHERE priority NOT BETWEEN 1 AND 100 LIMIT 1);
  IF v_number IS NOT NULL THEN
    CALL error_raise(400, CONCAT('the priority ', v_number, ' is not between 1 and 100'));
  END IF;
  SET v_number = (SELECT frame_count FROM submission_job WHERE frame_count NOT BETWEEN 1 AND 1000000 LIMIT 1);
  IF v_number IS NOT NULL THEN
    CALL error_raise(400, CONCAT('a job has 1 to 1,000,000 frames, not ', FORMAT(v_number, 0)));
  END IF;
  SET v_number = (SELECT tiles_per_frame FROM submission_job WHERE tiles_per_frame NOT BETWEEN 1 AND 4096 LIMIT 1);
  IF v_number IS NOT NULL THEN
    CALL error_raise(400, CONCAT('a frame has 1 to 4,096 tiles, not ', FORMAT(v_number, 0)));
  END IF;
  SET v_bad = (SELECT FORMAT(frame_count * tiles_per_frame, 0) FROM submission_job
    WHERE frame_count * tiles_per_frame > 1000000 LIMIT 1);
  IF v_bad IS NOT NULL THEN
    CALL error_raise(400, CONCAT('a job has at most 1,000,000 tiles, not ', v_bad));
  END IF;
  SET v_number = (SELECT depends_on_number FROM submission_job WHERE depends_on_number NOT BETWEEN 0 AND number - 1
    LIMIT 1);
  IF v_number IS NOT NULL THEN
    CALL error_raise(400, CONCAT('the submission has no job ', v_number, ' before the one that is made of its output'));
  END IF;

  SET v_bad = (SELECT renderer_build FROM submission_job
    WHERE renderer_build NOT REGEXP '^([0-9a-f]{64})?\\z' OR (renderer_build <> '' AND renderer_version = '') LIMIT 1);
  IF v_bad IS NOT NULL THEN
    CALL error_raise(400, CONCAT('"', v_bad, '" is not the build of a version: 64 hexadecimal digits'));
  END IF;

  SET v_bad = (SELECT main_file FROM submission_job j WHERE depends_on_number = 0 AND NOT EXISTS
    (SELECT 1 FROM submission_file f WHERE f.file_set = j.file_set AND f.path = j.main_file) LIMIT 1);
  IF v_bad IS NOT NULL THEN
    CALL error_raise(400, CONCAT('the source "', v_bad, '" is not among the job''s files'));
  END IF;
  SET v_bad = (SELECT path FROM submission_file GROUP BY file_set, path HAVING COUNT(*) > 1 LIMIT 1);
  IF v_bad IS NOT NULL THEN
    CALL error_raise(400, CONCAT('the file "', v_bad, '" is named twice'));
  END IF;
  -- The server has checked the paths, too: defence in depth.
  SET v_bad = (SELECT path FROM submission_file
    WHERE path = '' OR CHAR_LENGTH(path) > 1000 OR path LIKE '/%' OR CONCAT('/', path, '/') LIKE '%/../%' LIMIT 1);
  IF v_bad IS NOT NULL THEN
    CALL error_raise(400, CONCAT('the path "', v_bad, '" does not stay inside the job''s folder'));
  END IF;
END
