-- Removes an archive from those that the grid delivers. Its blob goes with the next that nobody uses.
--   p_pause_jobs  unfinished jobs that are pinned to it are paused, with the reason
-- Rows: the jobs that were paused. DR403 not an administrator, DR404 no such renderer, DR409 jobs are pinned to it,
-- with their numbers, DR412 another revision.
CREATE OR REPLACE PROCEDURE renderer_delete(IN p_administrator_id BIGINT, IN p_renderer_id BIGINT,
  IN p_pause_jobs BOOLEAN)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_revision BIGINT;
  DECLARE v_name VARCHAR(200);
  DECLARE v_build BINARY(32);
  DECLARE v_jobs TEXT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CREATE TEMPORARY TABLE IF NOT EXISTS renderer_job (job_id BIGINT NOT NULL PRIMARY KEY) ENGINE=MEMORY;
  DELETE FROM renderer_job;
  START TRANSACTION;
  CALL admin_check(p_administrator_id);
  SELECT r.revision, CONCAT(m.name, ' ', r.version, ' (build ', LEFT(LOWER(HEX(b.sha256)), 12), ')'), b.sha256
  INTO v_revision, v_name, v_build
  FROM renderer r JOIN render_method m ON m.id = r.method_id JOIN `blob` b ON b.id = r.blob_id
  WHERE r.id = p_renderer_id FOR UPDATE;
  IF v_revision IS NULL THEN
    CALL error_raise(404, CONCAT('there is no renderer ', p_renderer_id));
  END IF;
  CALL revision_check('renderer', p_renderer_id, v_revision);
  INSERT INTO renderer_job
  SELECT id FROM job WHERE renderer_build = v_build AND state IN ('active', 'paused') FOR UPDATE;
  IF EXISTS (SELECT 1 FROM renderer_job) AND NOT p_pause_jobs THEN
    SET v_jobs = (SELECT CONCAT(COUNT(*), IF(COUNT(*) = 1, ' unfinished job is', ' unfinished jobs are'),
        ' rendered by ', v_name, ': ', GROUP_CONCAT(job_id ORDER BY job_id SEPARATOR ', ' LIMIT 10),
        IF(COUNT(*) > 10, ', ...', ''), '; let them end, choose another renderer for them, or remove it by force')
      FROM renderer_job);
    CALL error_raise(409, v_jobs);
  END IF;
  UPDATE job j JOIN renderer_job n ON n.job_id = j.id
  SET j.paused_by = IF(j.state = 'paused', j.paused_by, 'server'), j.state = 'paused',
    j.revision = j.revision + 1, j.state_reason = CONCAT(v_name,
    ', which renders it, was removed from this grid; choose another version for it, which renders all its frames again')
  WHERE j.state IN ('active', 'paused');
  INSERT INTO activity (created_at, kind, user_id, message)
  SELECT UTC_TIMESTAMP(3), 'renderer_removed', u.id, CONCAT(u.name, ' removed the renderer ', v_name)
  FROM user u WHERE u.id = p_administrator_id;
  DELETE FROM renderer WHERE id = p_renderer_id;
  COMMIT;
  SELECT job_id FROM renderer_job ORDER BY job_id;
END
