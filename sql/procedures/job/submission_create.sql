-- Begins a submission: all of its jobs, holds and files in one transaction, which nobody sees before
-- submission_complete. Rows: job, first_task per job, in order; a job's tasks are first_task and those that follow it.
--   p_project  0: none
--   p_jobs     [{"name","method","source","parameters","output","version","warnings","priority","paused","held",
--              "frames","tiles","after","files"}...]: how many frames, tiles of each; after: the place in this list,
--              from 1, of the job whose output it is made of (0: none, it needs files then); files: a set (0: none);
--              parameters, output and warnings are JSON as text
--   p_files    [[set, path, sha256, size]...], blobs that this user has uploaded
-- DR400 for anything that a person can put right, with the value; DR404 for a project that is not the user's; DR409
-- when files were not uploaded yet.
CREATE OR REPLACE PROCEDURE submission_create(IN p_user BIGINT, IN p_project BIGINT, IN p_jobs LONGTEXT,
  IN p_files LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  CALL submission_write(p_user, p_project, p_jobs, p_files);
  SELECT job_id, first_task FROM submission_job ORDER BY number;
END
