-- The newest migration that this database has.
-- Row: its number, 0 when there is none. No errors.
CREATE OR REPLACE PROCEDURE schema_show()
SQL SECURITY DEFINER
BEGIN
  SELECT COALESCE(MAX(version), 0) AS version FROM schema_version;
END
