-- Has a job rendered by another version or build: in one transaction it is pinned to that, its finished and failed
-- frames are ready again, and what is out ends without a result. Finished images stay until new ones replace them. The
-- same renderer changes nothing. Row: 1 when it changed, how many frames are rendered again.
--   p_wanted  what the owner asked for; p_version, p_build: what that is here, '' '': the next order chooses
-- DR400 an invalid build, DR404 no such job, DR409 the job was cancelled, or the job that it depends on was deleted,
-- was cancelled or failed, DR412 another revision.
CREATE OR REPLACE PROCEDURE job_renderer_change(IN p_job_id BIGINT, IN p_version VARCHAR(64), IN p_build VARCHAR(100),
  IN p_wanted VARCHAR(64))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_state VARCHAR(16);
  DECLARE v_revision BIGINT;
  DECLARE v_first BIGINT;
  DECLARE v_to BIGINT;
  DECLARE v_after BIGINT;
  DECLARE v_after_state VARCHAR(16);
  DECLARE v_version VARCHAR(64);
  DECLARE v_build VARBINARY(32);
  DECLARE v_again INT DEFAULT 0;
  DECLARE v_changed INT DEFAULT 0;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF p_build NOT REGEXP '^([0-9a-f]{64})?\\z' THEN
    CALL error_raise(400, CONCAT('"', LEFT(p_build, 70), '" is not a build: 64 hexadecimal digits'));
  END IF;
  START TRANSACTION;
  SELECT state, revision, first_task_id, first_task_id + task_count, depends_on_job_id, renderer_version,
    renderer_build
  INTO v_state, v_revision, v_first, v_to, v_after, v_version, v_build
  FROM job WHERE id = p_job_id AND state <> 'creating' FOR UPDATE;
  IF v_state IS NULL THEN
    CALL error_raise(404, CONCAT('there is no job ', p_job_id));
  END IF;
  CALL revision_check('job', p_job_id, v_revision);
  IF v_state = 'cancelled' THEN
    CALL error_raise(409, CONCAT('job ', p_job_id, ' was cancelled; submit it again to render it'));
  END IF;
  SET v_after_state = (SELECT state FROM job WHERE id = v_after);
  IF v_after IS NOT NULL AND COALESCE(v_after_state, 'deleted') IN ('deleted', 'cancelled') THEN
    CALL error_raise(409, CONCAT('job ', p_job_id, ' is made of the output of job ', v_after, ', which was ',
      COALESCE(v_after_state, 'deleted'), '; submit it again'));
  END IF;
  IF v_after_state = 'failed' THEN
    CALL error_raise(409, CONCAT('job ', p_job_id, ' is made of the output of job ', v_after,
      ', which failed; requeue that one, and this one follows'));
  END IF;
  IF v_version <> p_version COLLATE utf8mb4_bin OR v_build <> UNHEX(p_build) THEN
    SET v_changed = 1;
    SELECT COUNT(*) INTO v_again FROM task WHERE id >= v_first AND id < v_to AND state IN ('accepted', 'failed');
    INSERT INTO attempt (task_id, id, slave_id, outcome, ended_at)
    SELECT l.task_id, l.attempt_id, l.slave_id, 'cancelled', UTC_TIMESTAMP(3) FROM lease l
    WHERE l.task_id >= v_first AND l.task_id < v_to
    ON DUPLICATE KEY UPDATE outcome = 'cancelled';
    DELETE FROM lease WHERE task_id >= v_first AND task_id < v_to;
    UPDATE attempt SET forgiven = TRUE WHERE task_id >= v_first AND task_id < v_to;
    UPDATE task SET state = 'ready', failure_count = 0
    WHERE id >= v_first AND id < v_to AND state IN ('ready', 'accepted', 'failed');
    DELETE FROM attempt_output WHERE task_id >= v_first AND task_id < v_to;
    DELETE FROM job_failure WHERE job_id = p_job_id;
    DELETE FROM job_warning WHERE job_id = p_job_id;
    UPDATE job SET renderer_version = p_version, renderer_build = UNHEX(p_build), wanted_version = p_wanted,
      state = IF(state IN ('finished', 'failed') OR
          (state = 'paused' AND state_reason LIKE '%, which renders it, was removed from this grid; %'),
        'active', state),
      state_reason = IF(state = 'paused', state_reason, ''), revision = revision + 1, finished_at = NULL,
      failed_count = 0, accepted_count = 0
    WHERE id = p_job_id;
  END IF;
  COMMIT;
  SELECT v_changed AS changed, v_again AS again;
END
