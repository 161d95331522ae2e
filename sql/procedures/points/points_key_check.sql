-- DR400 an invalid amount or idempotency key.
CREATE OR REPLACE PROCEDURE points_key_check(IN p_points BIGINT, IN p_key VARCHAR(1000))
SQL SECURITY DEFINER
BEGIN
  IF COALESCE(p_points, 0) NOT BETWEEN 1 AND 1000000000000000 THEN
    CALL error_raise(400, CONCAT('cannot move ', COALESCE(points_text(p_points), 'no'),
      ' points; say a number above 0 and at most 1,000,000,000,000'));
  END IF;
  IF COALESCE(p_key, '') COLLATE utf8mb4_bin NOT REGEXP '^[A-Za-z0-9._:-]{1,64}\\z' THEN
    CALL error_raise(400, 'the idempotency key needs 1 to 64 letters, digits, ".", "_", ":" and "-"');
  END IF;
END
