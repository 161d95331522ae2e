-- How large the database is, for administrators: a row for each table, largest first, with about how many rows and how
-- many bytes it has. DR403 no administrator.
CREATE OR REPLACE PROCEDURE database_health(IN p_administrator BIGINT)
SQL SECURITY DEFINER
BEGIN
  CALL admin_check(p_administrator);
  SELECT table_name, COALESCE(table_rows, 0) AS about_rows, COALESCE(data_length + index_length, 0) AS bytes
  FROM information_schema.tables
  WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
  ORDER BY bytes DESC, table_name LIMIT 200;
END
