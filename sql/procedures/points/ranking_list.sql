-- Users by total points, highest first; of equals the older account. Users without any and deleted accounts are
-- omitted. p_after: the last user of the previous page (0: none). Row: rank, user_id, name, total points in
-- millipoints. No errors.
CREATE OR REPLACE PROCEDURE ranking_list(IN p_after BIGINT, IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_total BIGINT DEFAULT (SELECT total_points FROM account WHERE user_id = p_after AND kind = 'available');

  SELECT place, user_id, u.name, total_points
  FROM (SELECT RANK() OVER (ORDER BY total_points DESC) AS place, user_id, total_points
        FROM account WHERE kind = 'available' AND total_points > 0) ranked
  JOIN user u ON u.id = ranked.user_id AND u.name IS NOT NULL
  WHERE p_after = 0 OR total_points < v_total OR (total_points = v_total AND user_id > p_after)
  ORDER BY total_points DESC, user_id LIMIT p_limit;
END
