-- Makes tasks of a job ready again and the job active. Their failures are forgiven: any slave may render them. A job
-- without such tasks stays as it is. Row: how many tasks.
--   p_task_id  this one, failed or accepted; 0: all that failed
--   p_all      with p_task_id 0: accepted ones too; their images stay until new ones replace them
-- DR404 no such job or task, DR409 the job was cancelled, or the job that it depends on was deleted, was cancelled or
-- failed, DR412 another revision.
CREATE OR REPLACE PROCEDURE job_requeue(IN p_job_id BIGINT, IN p_task_id BIGINT, IN p_all BOOLEAN)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_state VARCHAR(16);
  DECLARE v_revision BIGINT;
  DECLARE v_first BIGINT;
  DECLARE v_tasks INT;
  DECLARE v_to BIGINT;
  DECLARE v_failed INT;
  DECLARE v_accepted INT DEFAULT 0;
  DECLARE v_after BIGINT;
  DECLARE v_after_state VARCHAR(16);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SELECT state, revision, first_task_id, task_count, depends_on_job_id
  INTO v_state, v_revision, v_first, v_tasks, v_after
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
  SET v_to = v_first + v_tasks;
  IF p_task_id <> 0 THEN
    IF p_task_id < v_first OR p_task_id >= v_to THEN
      CALL error_raise(404, CONCAT('job ', p_job_id, ' has no task ', p_task_id));
    END IF;
    SET v_first = p_task_id, v_to = p_task_id + 1;
  END IF;
  SELECT COUNT(IF(state = 'failed', 1, NULL)), COUNT(IF(state = 'accepted' AND (p_all OR p_task_id <> 0), 1, NULL))
  INTO v_failed, v_accepted FROM task WHERE id >= v_first AND id < v_to;
  IF v_failed + v_accepted > 0 THEN
    UPDATE job_warning j
    JOIN (SELECT w.kind, SUM(w.count) AS count, COUNT(*) AS task_count
          FROM task t STRAIGHT_JOIN attempt_warning w ON w.task_id = t.id AND w.attempt_id = t.attempt_id
          WHERE t.id >= v_first AND t.id < v_to AND (t.state = 'failed' OR (v_accepted > 0 AND t.state = 'accepted'))
          GROUP BY w.kind) s ON s.kind = j.kind
    SET j.count = GREATEST(0, j.count - s.count), j.task_count = GREATEST(0, j.task_count - s.task_count)
    WHERE j.job_id = p_job_id;
    -- The new images may have other files beside them, or give the names to another frame.
    DELETE o FROM task t STRAIGHT_JOIN attempt_output o FORCE INDEX (PRIMARY) ON o.task_id = t.id
    WHERE t.id >= v_first AND t.id < v_to AND v_accepted > 0 AND t.state = 'accepted';
    DELETE FROM job_warning WHERE job_id = p_job_id AND task_count = 0;
    UPDATE attempt a JOIN task t ON t.id = a.task_id SET a.forgiven = TRUE
    WHERE t.id >= v_first AND t.id < v_to AND (t.state = 'failed' OR (v_accepted > 0 AND t.state = 'accepted'));
    UPDATE task SET state = 'ready', failure_count = 0
    WHERE id >= v_first AND id < v_to AND (state = 'failed' OR (v_accepted > 0 AND state = 'accepted'));
    DELETE FROM job_failure WHERE job_id = p_job_id;
    UPDATE job SET state = 'active', state_reason = '', revision = revision + 1, finished_at = NULL,
      failed_count = failed_count - v_failed, accepted_count = accepted_count - v_accepted
    WHERE id = p_job_id;
  END IF;
  COMMIT;
  SELECT v_failed + v_accepted AS requeued;
END
