-- Ends an operation: with its result (JSON, NULL: it has none), or with the code and text of a problem. No errors.
CREATE OR REPLACE PROCEDURE operation_finish(IN p_id BIGINT, IN p_result MEDIUMTEXT, IN p_problem_code VARCHAR(64),
  IN p_problem_detail VARCHAR(2000))
SQL SECURITY DEFINER
BEGIN
  UPDATE operation
  SET state = IF(p_problem_code IS NULL, 'succeeded', 'failed'), result = p_result, problem_code = p_problem_code,
    problem_detail = p_problem_detail, finished_at = UTC_TIMESTAMP(3)
  WHERE id = p_id AND state = 'running';
END
