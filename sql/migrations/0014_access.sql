-- API tokens have scopes by resource, read and write apart. Each token may do what it might before: read becomes all
-- of :read, submit jobs, files and the boosts of jobs, slaves their changes, admin the account and what is everybody's.
-- A token may end: from expires_at on it opens nothing; NULL: it never ends. Rules: README.md.

ALTER TABLE token MODIFY COLUMN scopes SET('read', 'submit', 'slaves', 'admin',
  'jobs:read', 'jobs:write', 'files:write', 'slaves:read', 'slaves:write', 'points:read', 'points:write',
  'account:read', 'account:write', 'grid:admin') NOT NULL;

UPDATE token
   SET scopes = CONCAT_WS(',',
         IF(FIND_IN_SET('read', scopes), 'jobs:read,slaves:read,points:read,account:read', NULL),
         IF(FIND_IN_SET('submit', scopes), 'jobs:write,files:write,points:write', NULL),
         IF(FIND_IN_SET('slaves', scopes), 'slaves:write', NULL),
         IF(FIND_IN_SET('admin', scopes), 'account:read,account:write,grid:admin', NULL))
 WHERE FIND_IN_SET('read', scopes) OR FIND_IN_SET('submit', scopes) OR FIND_IN_SET('slaves', scopes)
    OR FIND_IN_SET('admin', scopes);

ALTER TABLE token MODIFY COLUMN scopes SET('jobs:read', 'jobs:write', 'files:write', 'slaves:read', 'slaves:write',
  'points:read', 'points:write', 'account:read', 'account:write', 'grid:admin') NOT NULL;

ALTER TABLE token ADD COLUMN IF NOT EXISTS expires_at DATETIME(3) NULL AFTER created_at;
