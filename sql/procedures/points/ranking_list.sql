-- Users by the points that they ever earned, best first; of equals the older account. p_after: the user after whom to
-- go on (0: from the start). Row: place, user, name, total in millipoints. Whoever has none is not listed.
-- No errors.
CREATE OR REPLACE PROCEDURE ranking_list(IN p_after BIGINT, IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_total BIGINT DEFAULT (SELECT total FROM account WHERE user_id = p_after AND kind = 'available');

  SELECT place, user_id, u.name, total
  FROM (SELECT RANK() OVER (ORDER BY total DESC) AS place, user_id, total
        FROM account WHERE kind = 'available' AND total > 0) ranked
  JOIN user u ON u.id = ranked.user_id
  WHERE p_after = 0 OR total < v_total OR (total = v_total AND user_id > p_after)
  ORDER BY total DESC, user_id LIMIT p_limit;
END
