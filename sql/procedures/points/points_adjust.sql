-- ADJUST: an administrator moves points for a reason that both users can read. '' is the mint: it creates or removes
-- points; only these change total points, which never fall below 0. Idempotent: the same key with the same values
-- returns the same row and moves nothing. Row: transaction_id, points, and both user ids, NULL for the mint. DR400 an
-- invalid value, DR403 not an administrator, DR404 no such user, DR402 too few points, DR422 the key was used for
-- something else.
CREATE OR REPLACE PROCEDURE points_adjust(IN p_administrator_id BIGINT, IN p_from VARCHAR(1000), IN p_to VARCHAR(1000),
  IN p_points BIGINT, IN p_reason TEXT, IN p_key VARCHAR(1000))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_ref VARCHAR(100) DEFAULT CONCAT(p_administrator_id, ':', LEFT(p_key, 64));
  DECLARE v_from BIGINT DEFAULT 1;
  DECLARE v_to BIGINT DEFAULT 1;
  DECLARE v_balance BIGINT;
  DECLARE v_total BIGINT;
  DECLARE v_change BIGINT DEFAULT 0;
  DECLARE v_transaction_id BIGINT;
  DECLARE v_same BOOLEAN;
  DECLARE v_locked INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_administrator_id AND role = 'administrator') THEN
    CALL error_raise(403, 'only an administrator may adjust points');
  END IF;
  CALL points_key_check(p_points, p_key);
  IF CHAR_LENGTH(TRIM(COALESCE(p_reason, ''))) NOT BETWEEN 1 AND 1000 THEN
    CALL error_raise(400, 'an adjustment needs a reason of 1 to 1,000 characters');
  END IF;
  IF p_from <> '' THEN
    SET v_from = (SELECT a.id FROM user u JOIN account a ON a.user_id = u.id AND a.kind = 'available'
      WHERE u.name = p_from);
  END IF;
  IF p_to <> '' THEN
    SET v_to = (SELECT a.id FROM user u JOIN account a ON a.user_id = u.id AND a.kind = 'available'
      WHERE u.name = p_to);
  END IF;
  IF v_from IS NULL OR v_to IS NULL THEN
    CALL error_raise(404, CONCAT('there is no user "', IF(v_from IS NULL, p_from, p_to), '"'));
  END IF;
  IF v_from = v_to THEN
    CALL error_raise(400, 'an adjustment needs two different accounts; name somebody else, or leave one name empty');
  END IF;

  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;
  SELECT COUNT(*) INTO v_locked FROM account WHERE id = LEAST(v_from, v_to) AND id > 1 FOR UPDATE;
  SELECT COUNT(*) INTO v_locked FROM account WHERE id = GREATEST(v_from, v_to) FOR UPDATE;
  SELECT balance, total_points INTO v_balance, v_total FROM account WHERE id = v_from;
  SELECT t.id, f.account_id = v_from AND f.amount = -p_points AND o.account_id = v_to INTO v_transaction_id, v_same
  FROM transaction t
  JOIN entry f ON f.transaction_id = t.id AND f.amount < 0
  JOIN entry o ON o.transaction_id = t.id AND o.amount > 0
  WHERE t.kind = 'adjust' AND t.ref = v_ref;
  IF NOT v_same THEN
    CALL error_raise(422, CONCAT('the key "', p_key, '" was used for another adjustment; take a new key'));
  END IF;
  IF v_transaction_id IS NULL THEN
    IF v_from > 1 AND v_balance < p_points THEN
      CALL error_raise(402, CONCAT(p_from, ' has ', points_text(v_balance), ' points to spend, not ',
        points_text(p_points)));
    END IF;
    SET v_change = IF(v_from = 1, p_points, IF(v_to = 1, -LEAST(p_points, v_total), 0));
    INSERT INTO transaction (kind, ref, actor_id, total_change, created_at, reason)
    VALUES ('adjust', v_ref, p_administrator_id, v_change, UTC_TIMESTAMP(3), TRIM(p_reason));
    SET v_transaction_id = LAST_INSERT_ID();
    CALL points_move_pair(v_transaction_id, v_from, v_to, p_points, v_change);
    INSERT INTO activity (created_at, kind, user_id, message)
    SELECT UTC_TIMESTAMP(3), 'points_adjusted', a.user_id,
      LEFT(CONCAT(points_text(p_points), ' points were moved from ',
      IF(v_from = 1, 'the mint', p_from), ' to ', IF(v_to = 1, 'the mint', p_to), ': ', TRIM(p_reason)), 1000)
    FROM account a WHERE a.id IN (v_from, v_to) AND a.user_id IS NOT NULL;
  END IF;
  COMMIT;
  SELECT v_transaction_id AS id, p_points AS points,
    (SELECT user_id FROM account WHERE id = v_from) AS from_user,
    (SELECT user_id FROM account WHERE id = v_to) AS to_user;
END
