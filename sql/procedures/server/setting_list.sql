-- Every setting that was ever set: name, value, when. For the server alone: it chooses what an administrator sees.
-- One row a setting. No errors.
CREATE OR REPLACE PROCEDURE setting_list()
SQL SECURITY DEFINER
BEGIN
  SELECT name, value, time_text(changed_at) AS changed_at FROM setting ORDER BY name LIMIT 1000;
END
