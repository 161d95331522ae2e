-- All settings, for the server, which selects what administrators see. Rows: name, value, time of the change.
-- No errors.
CREATE OR REPLACE PROCEDURE setting_list()
SQL SECURITY DEFINER
BEGIN
  SELECT name, value, time_text(changed_at) AS changed_at FROM setting ORDER BY name LIMIT 1000;
END
