-- The newest migration of this database. Row: its number, 0 for none. No errors.
CREATE OR REPLACE PROCEDURE schema_show()
SQL SECURITY DEFINER
BEGIN
  SELECT COALESCE(MAX(version), 0) AS version FROM schema_version;
END
