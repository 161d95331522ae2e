-- On this connection a row changes from now on only if it has this revision (revision_check), until another call says
-- otherwise. p_kind: job, project, slave, shot, user or renderer; p_revision 0: every row may change whatever its
-- revision.
-- No errors.
CREATE OR REPLACE PROCEDURE revision_expect(IN p_kind VARCHAR(16), IN p_id BIGINT, IN p_revision BIGINT)
SQL SECURITY DEFINER
BEGIN
  SET @expected_row = CONCAT(p_kind, ' ', p_id), @expected_revision = NULLIF(p_revision, 0);
END
