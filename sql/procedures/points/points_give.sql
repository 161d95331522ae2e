-- GIVE: moves available points to another user, for a reason that both can read ('': none); total points do not
-- change. Idempotent: the same key with the same values returns the same row and moves nothing. Row: transaction_id,
-- receiver, points. DR400 an invalid amount or key, or oneself; DR404 no such user; DR402 too few points; DR422 the key
-- was used for something else.
CREATE OR REPLACE PROCEDURE points_give(IN p_user_id BIGINT, IN p_to VARCHAR(1000), IN p_points BIGINT,
  IN p_key VARCHAR(1000), IN p_reason TEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_ref VARCHAR(100) DEFAULT CONCAT(p_user_id, ':', LEFT(p_key, 64));
  DECLARE v_receiver BIGINT;
  DECLARE v_from BIGINT;
  DECLARE v_to BIGINT;
  DECLARE v_balance BIGINT;
  DECLARE v_transaction_id BIGINT;
  DECLARE v_old BIGINT;
  DECLARE v_points BIGINT;
  DECLARE v_locked INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CALL points_key_check(p_points, p_key);
  IF CHAR_LENGTH(TRIM(p_reason)) > 1000 THEN
    CALL error_raise(400, 'the reason of a gift has at most 1,000 characters');
  END IF;
  SET v_receiver = (SELECT id FROM user WHERE name = p_to);
  IF v_receiver IS NULL THEN
    CALL error_raise(404, CONCAT('there is no user "', COALESCE(p_to, ''), '"'));
  END IF;
  IF v_receiver = p_user_id THEN
    CALL error_raise(400, 'points given to yourself would only go round; name somebody else');
  END IF;
  SET v_from = (SELECT id FROM account WHERE user_id = p_user_id AND kind = 'available');
  SET v_to = (SELECT id FROM account WHERE user_id = v_receiver AND kind = 'available');
  IF v_from IS NULL THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;

  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;
  SELECT COUNT(*) INTO v_locked FROM account WHERE id = LEAST(v_from, v_to) FOR UPDATE;
  SELECT COUNT(*) INTO v_locked FROM account WHERE id = GREATEST(v_from, v_to) FOR UPDATE;
  SELECT balance INTO v_balance FROM account WHERE id = v_from FOR UPDATE;
  SELECT t.id, e.account_id, e.amount INTO v_transaction_id, v_old, v_points
  FROM transaction t JOIN entry e ON e.transaction_id = t.id AND e.amount > 0
  WHERE t.kind = 'give' AND t.ref = v_ref;
  IF v_transaction_id IS NOT NULL AND (v_old <> v_to OR v_points <> p_points) THEN
    CALL error_raise(422, CONCAT('the key "', p_key, '" was used to give ', points_text(v_points),
      ' points; take a new key for another gift'));
  END IF;
  IF v_transaction_id IS NULL THEN
    IF v_balance < p_points THEN
      CALL error_raise(402, CONCAT('you have ', points_text(v_balance), ' points to spend, not ',
        points_text(p_points)));
    END IF;
    INSERT INTO transaction (kind, ref, actor_id, created_at, reason)
    VALUES ('give', v_ref, p_user_id, UTC_TIMESTAMP(3), NULLIF(TRIM(p_reason), ''));
    SET v_transaction_id = LAST_INSERT_ID();
    CALL points_move_pair(v_transaction_id, v_from, v_to, p_points, 0);
    INSERT INTO activity (created_at, kind, user_id, message)
    SELECT UTC_TIMESTAMP(3), 'points_given', v_receiver,
      LEFT(CONCAT(name, ' gave you ', points_text(p_points), ' points',
      IF(TRIM(COALESCE(p_reason, '')) = '', '', CONCAT(': ', TRIM(p_reason)))), 1000)
    FROM user WHERE id = p_user_id;
  END IF;
  COMMIT;
  SELECT v_transaction_id AS id, v_receiver AS receiver, p_points AS points;
END
