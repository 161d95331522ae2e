-- Who uses an archive: slaves that have or may fetch it, then unfinished jobs that are pinned to it, at most 500 each.
-- Rows: kind (slave, job), id, name, state (of a slave: fetched, missing). DR403 not an administrator.
CREATE OR REPLACE PROCEDURE renderer_user_list(IN p_administrator_id BIGINT, IN p_renderer_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  CALL admin_check(p_administrator_id);
  (SELECT 'slave' AS kind, s.id, s.name, IF(k.is_fetched, 'fetched', 'missing') AS state
    FROM renderer r JOIN `blob` b ON b.id = r.blob_id JOIN slave_method k ON k.build = b.sha256
    JOIN slave s ON s.id = k.slave_id
    WHERE r.id = p_renderer_id AND s.state <> 'revoked'
    GROUP BY s.id ORDER BY s.id LIMIT 500)
  UNION ALL
  (SELECT 'job' AS kind, j.id, j.name, j.state
    FROM renderer r JOIN `blob` b ON b.id = r.blob_id JOIN job j ON j.renderer_build = b.sha256
    WHERE r.id = p_renderer_id AND j.state IN ('active', 'paused')
    ORDER BY j.id LIMIT 500);
END
