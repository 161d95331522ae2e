-- Part of a transaction that changes a row which it has locked: DR412 if this connection expects another revision of it
-- (revision_expect). p_kind: as there.
CREATE OR REPLACE PROCEDURE revision_check(IN p_kind VARCHAR(16), IN p_id BIGINT, IN p_revision BIGINT)
SQL SECURITY DEFINER
BEGIN
  IF @expected_revision <> p_revision AND @expected_row = CONCAT(p_kind, ' ', p_id) THEN
    CALL error_raise(412, CONCAT(p_kind, ' ', p_id, ' has revision ', p_revision, ', not ', @expected_revision,
      ': somebody changed it meanwhile; look at it again'));
  END IF;
END
