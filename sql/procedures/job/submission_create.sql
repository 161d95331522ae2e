-- Starts a submission: writes all its jobs and files in one transaction, invisible until submission_complete. Rows:
-- job_id, first_task_id per job, in order; a job's tasks have consecutive ids.
--   p_project_id  0: none
--   p_jobs     [{"name","method","main_file","parameters","output","min_version","warnings","priority",
--              "starts_paused","needs_approval","frame_count","tiles_per_frame","depends_on","file_set",
--              "is_final_output" (1),"output_folder" (''),"renderer_version" (''),"renderer_build" (''),
--              "wanted_version" (''),"saved_version" (''),"engine" ('')}...];
--              depends_on: position in this list, from 1, of the job whose output is the input (0: none, files are
--              required); file_set: of p_files (0: none); parameters, output and warnings are JSON as text
--   p_files    [[set, path, sha256, size in bytes]...], blobs that this user has uploaded
-- DR400 an invalid value, with the value; DR404 the project is not the user's; DR424 files were not uploaded yet.
CREATE OR REPLACE PROCEDURE submission_create(IN p_user_id BIGINT, IN p_project_id BIGINT, IN p_jobs LONGTEXT,
  IN p_files LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  CALL submission_write(p_user_id, p_project_id, p_jobs, p_files);
  SELECT job_id, first_task_id FROM submission_job ORDER BY number;
END
