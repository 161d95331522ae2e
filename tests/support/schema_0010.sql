-- For tests alone: a grid at schema version 10 with a row in each table and a value in each column that 0011
-- renames, and a ledger that balances. User 1 owns the jobs, user 2 the slave.
SET time_zone = '+00:00';
INSERT INTO user (id, name, email, password_hash, role, wrong_passwords, created_at, email_confirmed) VALUES
  (1, 'alice', 'alice@example.org', 'h', 'administrator', 3, '2026-01-01', 'alice@example.org'),
  (2, 'bob', 'bob@example.org', 'h', 'user', 0, '2026-01-02', NULL);
INSERT INTO mail_code VALUES (2, 'bob@example.org', '12345678', 4, '2026-01-03 01:02:03.004');
INSERT INTO mail_code_sent (id, user_id, email, created_at) VALUES (7, 2, 'bob@example.org', '2026-01-03');
INSERT INTO render_method (id, name, created_at) VALUES (1, 'blender', '2026-01-01');
INSERT INTO slave (id, user_id, name, slavekey, password_hash, cpu, cores, memory_mib, created_at, settings) VALUES
  (1, 2, 'attic', 'key', REPEAT('p', 32), 'A CPU', 8, 16384, '2026-01-02', '{"cores":4}');
INSERT INTO slave_method VALUES (1, 1, '3.4.1', 900, 950, '2026-01-02');
INSERT INTO slave_block VALUES (1, 'job', 2, '2026-01-02');
INSERT INTO slave_watch VALUES (1, '2026-01-04 05:06:07.008', TRUE);
INSERT INTO slave_hour VALUES (1, '2026-01-04 05:00:00', 60, 31, 101, 102, 13, 14, 1005, 1006, 57, 58, 9009);
INSERT INTO `blob` (id, sha256, size, created_at, wanted_at) VALUES (1, UNHEX(REPEAT('ab', 32)), 10, '2026-01-01',
  '2026-01-05');
INSERT INTO blob_owner VALUES (1, 1);
INSERT INTO job (id, user_id, method_id, name, state, reason, source, parameters, output, version, warnings,
  first_task, tasks,
  accepted, failed, created_at, least_claim, tiles, after_job, submission, waits_since, held) VALUES
  (1, 1, 1, 'first', 'active', 'a reason', 'a.blend', '{}', '{"format":"PNG"}', '3.4', '["w"]', 1, 4, 2, 1,
  '2026-01-05', 600, 2,
    NULL, NULL, NULL, FALSE),
  (2, 1, 1, 'second', 'paused', '', 'b.blend', '{}', '{"format":"PNG"}', '', '[]', 5, 1, 0, 0, '2026-01-05', NULL, 1,
  1, 1,
    '2026-01-06 07:08:09.010', TRUE);
INSERT INTO job_file VALUES (1, 0, 'a.blend', 1);
INSERT INTO task (id, job_id, frame, state, failures, attempt_id) VALUES (1, 1, 1, 'accepted', 0, 1), (2, 1, 1,
  'accepted', 2, 2),
  (3, 1, 2, 'failed', 3, 3), (4, 1, 2, 'ready', 0, NULL), (5, 2, 1, 'ready', 0, NULL);
INSERT INTO attempt (task_id, id, slave_id, ending, cpu_ms, wall_ms, memory_mib, ended_at, output, output_size,
  output_sha256, reason,
  claim, fair, points, user_id, bound) VALUES
  (1, 1, 1, 'accepted', 100, 110, 120, '2026-01-06', '0001.png', 1234, UNHEX(REPEAT('cd', 32)), NULL, 1000, 900, 950,
  2, 1500),
  (2, 2, 1, 'accepted', 101, 111, 121, '2026-01-06', '0002.png', 1235, UNHEX(REPEAT('ef', 32)), NULL, 700, NULL,
  NULL, 2, 800),
  (3, 3, 1, 'failed', 102, 112, 122, '2026-01-06', NULL, NULL, NULL, 'no camera', NULL, NULL, NULL, NULL, NULL);
INSERT INTO held_grant VALUES (2, 2, 1, 2, 700, 0, 'vest', '2026-01-06');
INSERT INTO account (id, kind, user_id, job_id, balance, total) VALUES (2, 'pending', 1, NULL, 0, 0), (3,
  'available', 1, NULL, 1500, 2000),
  (4, 'pending', 2, NULL, 0, 0), (5, 'available', 2, NULL, 950, 950), (6, 'escrow', NULL, 1, 500, 0);
INSERT INTO transaction (id, kind, ref, job_id, actor_id, created_at, reason, task_id, slave_id, frame,
  total_change) VALUES
  (1, 'adjust', '1:a', NULL, 1, '2026-01-05', 'a gift', NULL, NULL, NULL, 2000),
  (2, 'boost', '1:b', 1, 1, '2026-01-05', NULL, NULL, NULL, NULL, NULL),
  (3, 'earn', '1', 1, NULL, '2026-01-06', NULL, 1, 1, 1, NULL),
  (4, 'vest', '1', 1, NULL, '2026-01-06', NULL, 1, 1, 1, 950);
INSERT INTO entry VALUES (1, 1, -2000), (1, 3, 2000), (2, 3, -500), (2, 6, 500), (3, 1, -950), (3, 4, 950), (4, 4,
  -950), (4, 5, 950);
INSERT INTO event (id, created_at, kind, user_id, slave_id, job_id, message) VALUES (11, '2026-01-06', 'job_paused',
  1, 1, 1, 'a message');
INSERT INTO notification_choice VALUES (2, 'slave_offline', 'mail', '2026-01-02');
INSERT INTO notification (id, user_id, kind, channel, event_id, job_id, message, attempts, created_at, due_at) VALUES
  (21, 1, 'job_paused', 'mail', 11, 1, 'a message', 5, '2026-01-06', '2026-01-07');
UPDATE counter SET next_value = 11 WHERE name = 'notified_event';
INSERT INTO statistic_hour VALUES (2, '2026-01-06 01:00:00', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
  17, 18);
INSERT INTO statistic_day VALUES (2, '2026-01-05 00:00:00', 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34,
  35, 36, 37, 38);
INSERT INTO project (id, user_id, name, created_at) VALUES (1, 1, 'film', '2026-01-01');
INSERT INTO sequence (id, project_id, name, created_at) VALUES (1, 1, 'sq', '2026-01-01');
INSERT INTO shot (id, project_id, sequence_id, name, state, created_at) VALUES (1, 1, 1, 'sh', 'review', '2026-01-01');
