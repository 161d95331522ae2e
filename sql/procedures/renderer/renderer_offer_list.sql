-- With what jobs of this method can be rendered: enabled archives of the grid, and programs that enabled slaves of
-- users who are not blocked announced as installed. Rows: version, build (64 hexadecimal digits, '' installed),
-- at_hand (an archive, or of a slave that was here within a day), archive (0: none). At most 1,000. No errors.
CREATE OR REPLACE PROCEDURE renderer_offer_list(IN p_method VARCHAR(64))
SQL SECURITY DEFINER
BEGIN
  SELECT r.version, LOWER(HEX(b.sha256)) AS build, TRUE AS at_hand, r.id AS archive
  FROM renderer r JOIN render_method m ON m.id = r.method_id JOIN `blob` b ON b.id = r.blob_id
  WHERE m.name = p_method AND r.is_enabled
  UNION ALL
  SELECT k.version, '' AS build, MAX(COALESCE(s.last_seen_at > UTC_TIMESTAMP() - INTERVAL 1 DAY, FALSE)) AS at_hand,
    0 AS archive
  FROM slave_method k JOIN render_method m ON m.id = k.method_id JOIN slave s ON s.id = k.slave_id
  JOIN user u ON u.id = s.user_id
  WHERE m.name = p_method AND k.build = '' AND s.state = 'enabled' AND u.blocked_at IS NULL
  GROUP BY k.version
  LIMIT 1000;
END
