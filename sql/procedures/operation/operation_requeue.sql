-- What somebody was at who is no longer there begins again. No errors.
CREATE OR REPLACE PROCEDURE operation_requeue()
SQL SECURITY DEFINER
BEGIN
  UPDATE operation SET state = 'queued' WHERE state = 'running';
END
