-- Part of a transaction that disables a webhook: nothing that waits for it is sent any more. No errors.
CREATE OR REPLACE PROCEDURE webhook_give_up(IN p_webhook_id BIGINT, IN p_problem VARCHAR(500))
SQL SECURITY DEFINER
BEGIN
  UPDATE webhook_delivery SET state = 'given_up', ended_at = UTC_TIMESTAMP(3),
    problem = IF(problem = '', p_problem, problem)
  WHERE webhook_id = p_webhook_id AND state = 'waiting';
END
