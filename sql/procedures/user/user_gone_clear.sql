-- Deletes the projects, with sequences and shots, of accounts that were deleted and have no jobs left. No errors.
CREATE OR REPLACE PROCEDURE user_gone_clear()
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CREATE TEMPORARY TABLE IF NOT EXISTS gone_project (id BIGINT NOT NULL PRIMARY KEY) ENGINE=MEMORY;
  DELETE FROM gone_project;
  START TRANSACTION;
  INSERT INTO gone_project (id)
  SELECT p.id FROM user u JOIN project p ON p.user_id = u.id
  WHERE u.name IS NULL AND NOT EXISTS (SELECT 1 FROM job j WHERE j.user_id = u.id) LIMIT 100;
  DELETE s FROM gone_project g STRAIGHT_JOIN shot s ON s.project_id = g.id;
  DELETE q FROM gone_project g STRAIGHT_JOIN sequence q ON q.project_id = g.id;
  DELETE p FROM gone_project g STRAIGHT_JOIN project p ON p.id = g.id;
  COMMIT;
END
