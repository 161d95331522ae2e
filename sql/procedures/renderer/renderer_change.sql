-- Whether new jobs choose an archive; those that are pinned to it keep it. DR403 not an administrator, DR404 no such
-- renderer, DR412 another revision.
CREATE OR REPLACE PROCEDURE renderer_change(IN p_administrator_id BIGINT, IN p_renderer_id BIGINT,
  IN p_is_enabled BOOLEAN)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_revision BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  CALL admin_check(p_administrator_id);
  SET v_revision = (SELECT revision FROM renderer WHERE id = p_renderer_id FOR UPDATE);
  IF v_revision IS NULL THEN
    CALL error_raise(404, CONCAT('there is no renderer ', p_renderer_id));
  END IF;
  CALL revision_check('renderer', p_renderer_id, v_revision);
  INSERT INTO activity (created_at, kind, user_id, message)
  SELECT UTC_TIMESTAMP(3), IF(p_is_enabled, 'renderer_enabled', 'renderer_disabled'), u.id,
    CONCAT(u.name, IF(p_is_enabled, ' enabled', ' disabled'), ' the renderer ', m.name, ' ', r.version, ' (build ',
      LEFT(LOWER(HEX(b.sha256)), 12), ')')
  FROM renderer r JOIN render_method m ON m.id = r.method_id JOIN `blob` b ON b.id = r.blob_id
  JOIN user u ON u.id = p_administrator_id
  WHERE r.id = p_renderer_id AND r.is_enabled <> p_is_enabled;
  UPDATE renderer SET is_enabled = p_is_enabled, revision = revision + 1
  WHERE id = p_renderer_id AND is_enabled <> p_is_enabled;
  COMMIT;
END
