-- For the dispatcher's start: fails what is made of the output of jobs that failed or were cancelled, which an older
-- server left waiting, and refunds its boosts. No errors.
CREATE OR REPLACE PROCEDURE job_fail_stranded()
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;
  CALL job_fail_dependents();
  CALL points_begin();
  INSERT INTO points_job (job_id) SELECT job_id FROM dependent_job;
  CALL points_end_jobs(1000);
  CALL points_post();
  COMMIT;
END
