-- The value of a setting. DR404 when it was never set.
-- Row: that value.
CREATE OR REPLACE PROCEDURE setting_find(IN p_name VARCHAR(200))
SQL SECURITY DEFINER
BEGIN
  IF NOT EXISTS (SELECT 1 FROM setting WHERE name = p_name) THEN
    CALL error_raise(404, CONCAT('there is no setting "', p_name, '"'));
  END IF;
  SELECT value FROM setting WHERE name = p_name;
END
