-- The size of the database, for administrators. Rows: table, approximate number of rows, bytes; largest first. DR403
-- not an administrator.
CREATE OR REPLACE PROCEDURE database_health(IN p_administrator_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  CALL admin_check(p_administrator_id);
  SELECT table_name, COALESCE(table_rows, 0) AS about_rows, COALESCE(data_length + index_length, 0) AS bytes
  FROM information_schema.tables
  WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
  ORDER BY bytes DESC, table_name LIMIT 200;
END
