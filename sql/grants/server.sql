-- What the server may do: call the procedures of its schema and nothing else. They run with their definer's rights.
-- distren-migrate puts names and password in the place of @user@, @schema@ and @password@, quoted.
CREATE USER IF NOT EXISTS @user@ IDENTIFIED BY @password@;
ALTER USER @user@ IDENTIFIED BY @password@;
REVOKE ALL PRIVILEGES, GRANT OPTION FROM @user@;
GRANT EXECUTE ON @schema@.* TO @user@;
