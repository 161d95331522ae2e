-- Part of a transaction that changes a row which it has locked: DR412 if this connection expects another revision of it
-- (revision_expect). The first row is meant: what else the request changes is not checked. p_name: for people.
CREATE OR REPLACE PROCEDURE revision_check(IN p_name VARCHAR(100), IN p_revision BIGINT)
SQL SECURITY DEFINER
BEGIN
  IF @expected_revision <> p_revision THEN
    CALL error_raise(412, CONCAT(p_name, ' has revision ', p_revision, ', not ', @expected_revision,
      ': somebody changed it meanwhile; look at it again'));
  END IF;
  SET @expected_revision = NULL;
END
