-- The archives that the grid delivers, newest first; p_renderer_id 0: all, at most 1,000. Rows: the members of
-- store::Renderer; slave_count: that have fetched it, job_count: unfinished jobs that are pinned to it. No errors.
CREATE OR REPLACE PROCEDURE renderer_list(IN p_renderer_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  SELECT r.id, r.revision, m.name AS method, r.version, LOWER(HEX(b.sha256)) AS build, b.size_bytes, r.unpacked_bytes,
    r.platform, r.layout, LOWER(HEX(r.signature)) AS signature, r.is_enabled, r.file_name,
    COALESCE(r.user_id, 0) AS user_id, COALESCE(u.name, '') AS user_name, time_text(r.created_at) AS created_at,
    (SELECT COUNT(*) FROM slave_method k JOIN slave s ON s.id = k.slave_id
      WHERE k.build = b.sha256 AND k.is_fetched AND s.state <> 'revoked') AS slave_count,
    (SELECT COUNT(*) FROM job j WHERE j.renderer_build = b.sha256 AND j.state IN ('active', 'paused')) AS job_count
  FROM renderer r JOIN render_method m ON m.id = r.method_id JOIN `blob` b ON b.id = r.blob_id
  LEFT JOIN user u ON u.id = r.user_id
  WHERE p_renderer_id = 0 OR r.id = p_renderer_id
  ORDER BY r.id DESC LIMIT 1000;
END
