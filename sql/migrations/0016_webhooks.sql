-- Webhooks are things of their own, several for each user, signed as Standard Webhooks are, and what was sent to them
-- is kept apart from notifications by mail and browser. The one address that a user had becomes the first; the key
-- behind its secret stays the same bytes. Rules for migrations: README.md.

-- topics: names of events, separated by commas. secret: whsec_ and base64. The previous one signs, too, until
-- previous_secret_until. failing_since: the first delivery that failed since one was taken. listens_since: what
-- happened before is not sent.
CREATE TABLE IF NOT EXISTS webhook (
  id BIGINT NOT NULL AUTO_INCREMENT,
  user_id BIGINT NOT NULL,
  url VARCHAR(1000) COLLATE utf8mb4_bin NOT NULL,
  topics VARCHAR(1000) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  secret VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  previous_secret VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NULL,
  previous_secret_until DATETIME(3) NULL,
  is_enabled BOOLEAN NOT NULL DEFAULT TRUE,
  disabled_reason VARCHAR(500) NOT NULL DEFAULT '',
  failing_since DATETIME(3) NULL,
  revision BIGINT NOT NULL DEFAULT 1,
  created_at DATETIME(3) NOT NULL,
  listens_since DATETIME(3) NOT NULL,
  CONSTRAINT webhook_pk PRIMARY KEY (id),
  CONSTRAINT webhook_user_fk FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE CASCADE,
  INDEX webhook_user (user_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Empty, when this runs again after it was dropped below.
CREATE TABLE IF NOT EXISTS notification_target (
  user_id BIGINT NOT NULL PRIMARY KEY,
  webhook_url VARCHAR(1000) NOT NULL,
  webhook_secret VARCHAR(64) NOT NULL
);
INSERT INTO webhook (user_id, url, topics, secret, created_at, listens_since)
SELECT t.user_id, t.webhook_url, COALESCE((SELECT GROUP_CONCAT(CASE c.kind WHEN 'job_done' THEN
      'job.finished,job.failed' WHEN 'job_paused' THEN 'job.paused' WHEN 'slave_offline' THEN 'slave.offline'
      ELSE 'points.changed' END ORDER BY c.kind)
    FROM notification_choice c WHERE c.user_id = t.user_id AND c.channel = 'webhook'), ''),
  CONCAT('whsec_', REPLACE(TO_BASE64(t.webhook_secret), '\n', '')), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)
FROM notification_target t
WHERE t.webhook_url <> '' AND NOT EXISTS (SELECT 1 FROM webhook w WHERE w.user_id = t.user_id);

-- The outbox of webhooks, and for 30 days what became of it. The state, due_at and try_count are as in notification;
-- its number and its event stay the same when it is sent again. occurred_at: of what it tells. requested_at: when
-- somebody asked for it by hand. response_status: of the last answer; NULL: there was none.
CREATE TABLE IF NOT EXISTS webhook_delivery (
  id BIGINT NOT NULL AUTO_INCREMENT,
  webhook_id BIGINT NOT NULL,
  event VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  activity_id BIGINT NULL COMMENT 'NULL: a test',
  data VARCHAR(4000) NOT NULL COMMENT 'JSON',
  state ENUM('waiting', 'sent', 'given_up') NOT NULL DEFAULT 'waiting',
  try_count TINYINT UNSIGNED NOT NULL DEFAULT 0,
  response_status SMALLINT UNSIGNED NULL,
  problem VARCHAR(500) NOT NULL DEFAULT '',
  occurred_at DATETIME(3) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  due_at DATETIME(3) NOT NULL,
  ended_at DATETIME(3) NULL,
  requested_at DATETIME(3) NULL,
  CONSTRAINT webhook_delivery_pk PRIMARY KEY (id),
  CONSTRAINT webhook_delivery_unique UNIQUE (webhook_id, event, activity_id),
  CONSTRAINT webhook_delivery_webhook_fk FOREIGN KEY (webhook_id) REFERENCES webhook (id) ON DELETE CASCADE,
  INDEX webhook_delivery_due (state, due_at),
  INDEX webhook_delivery_webhook (webhook_id, id),
  INDEX webhook_delivery_created_at (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

INSERT IGNORE INTO webhook_delivery (webhook_id, event, activity_id, data, state, try_count, problem, occurred_at,
  created_at, due_at, ended_at)
SELECT w.id, CASE n.kind WHEN 'job_done' THEN IF(a.kind = 'job_failed', 'job.failed', 'job.finished')
    WHEN 'job_paused' THEN 'job.paused' WHEN 'slave_offline' THEN 'slave.offline' ELSE 'points.changed' END,
  n.activity_id, CASE WHEN n.kind IN ('job_done', 'job_paused')
      THEN JSON_OBJECT('id', n.job_id, 'name', j.name, 'state_reason', NULLIF(j.state_reason, ''), 'message', n.message)
    WHEN n.kind = 'slave_offline' THEN JSON_OBJECT('id', n.slave_id, 'name', s.name, 'message', n.message)
    ELSE JSON_OBJECT('message', n.message) END,
  n.state, n.try_count, n.problem, COALESCE(a.created_at, n.created_at), n.created_at, n.due_at, n.ended_at
FROM notification n
JOIN webhook w ON w.user_id = n.user_id
LEFT JOIN activity a ON a.id = n.activity_id
LEFT JOIN job j ON j.id = n.job_id
LEFT JOIN slave s ON s.id = n.slave_id
WHERE n.channel = 'webhook' AND n.activity_id IS NOT NULL;

DROP TABLE IF EXISTS notification_target;
DELETE FROM notification WHERE channel = 'webhook';
DELETE FROM notification_choice WHERE channel = 'webhook';
ALTER TABLE notification MODIFY channel ENUM('mail', 'browser') NOT NULL;
ALTER TABLE notification_choice MODIFY channel ENUM('mail', 'browser') NOT NULL;
