-- What this connection changes from now on must have this revision (revision_check); 0: any. No errors.
CREATE OR REPLACE PROCEDURE revision_expect(IN p_revision BIGINT)
SQL SECURITY DEFINER
BEGIN
  SET @expected_revision = NULLIF(p_revision, 0);
END
