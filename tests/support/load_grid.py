"""A grid for distren-load: users, slaves and jobs by the thousand, made by the stored procedures and not by the API,
whose password hashes are slow on purpose. Jobs have nothing to hand in, so that the dispatcher and the ledger are what
is measured; with_images makes ordinary ones.
"""
import contextlib
import json
import os
import secrets
import signal
import subprocess

from grid import Grid
from programs import free_ports, processes_of, program, wait_for_none

SLAVES_OF_A_USER = 100  # of 1,000 that one may have


class LoadGrid(Grid):
    def __init__(self, settings=None):
        self.plain_port = free_ports(1)[0]
        super().__init__({"listen.line_plain": f"127.0.0.1:{self.plain_port}", "log.level": "warn",
                          "times.lease_seconds": 3600, **(settings or {})})
        self.slaves_file = os.path.join(self.folder, "slaves")
        self.users = 0

    # --- in bulk ----------------------------------------------------------------------------------------------------
    def script(self, statements):
        """Many statements through one connection of the database's owner, not durable one by one: it is preparation."""
        socket = self.settings.get("database.socket", os.path.join(self.home, "db", "mariadb.sock"))
        text = "\n".join(["SET GLOBAL innodb_flush_log_at_trx_commit = 0; SET group_concat_max_len = 1 << 30;",
                          *statements, "SET GLOBAL innodb_flush_log_at_trx_commit = 1;\n"])
        done = subprocess.run(["mariadb", "--no-defaults", "-N", "-B", "--socket=" + socket, "distren"], input=text,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def make_users(self, count):
        self.script(f"CALL user_create('volunteer{number}', '', 'no password');"
                    for number in range(self.users, self.users + count))
        self.users += count

    def make_slaves(self, count, users):
        """So many slaves, shared out among so many new users; their pairs are in slaves_file."""
        assert count <= users * SLAVES_OF_A_USER, "too many slaves for so few users"
        first = self.users
        self.make_users(users)
        ids = {name: number for name, number in self.sql("SELECT name, id FROM user")}
        pairs = [(f"Kload{secrets.token_hex(8)}", secrets.token_hex(16)) for _ in range(count)]
        self.script(f"CALL slave_create({ids[f'volunteer{first + number % users}']}, 'load{number}', '{key}', "
                    f"UNHEX(SHA2('{password}', 256)));" for number, (key, password) in enumerate(pairs))
        with open(os.open(self.slaves_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as file:
            file.writelines(f"{key} {password}\n" for key, password in pairs)

    def make_jobs(self, count, frames, output=None):
        """Jobs of the administrator with frames each; the server learns of them when it starts the next time."""
        content = b"not looked at by anybody"
        status, answer = self.upload(content, "scene.blend")
        assert status in (201, 204), answer
        owner, digest = self.sql("SELECT u.id, HEX(b.sha256) FROM user u JOIN blob_owner o ON o.user_id = u.id "
                                 "JOIN `blob` b ON b.id = o.blob_id WHERE u.name = 'admin'")[0]
        files = json.dumps([{"path": "scene.blend", "sha256": digest.lower(), "size": len(content)}])
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "job_create.sql"), encoding="utf-8") as helper:
            self.script(["DELIMITER //", helper.read(), "//", "DELIMITER ;"])
        rows = self.script([f"SET @frames = (SELECT JSON_ARRAYAGG(seq) FROM seq_1_to_{frames});"] + [
            f"CALL job_create({owner}, 0, 'load', 'blender', 'scene.blend', '{{}}', '{json.dumps(output or {})}', '', "
            f"'[]', 50, 0, '{files}', @frames, 1, 0, 0);"] * count + ["DROP PROCEDURE job_create;"])
        numbers = [int(row[0]) for row in rows]
        for number in numbers:
            os.makedirs(self.output(number))
        return numbers

    def tasks_left(self):
        return int(self.sql("SELECT COALESCE(SUM(task_count - accepted_count - failed_count), 0) FROM job WHERE state = 'active'")[0][0])

    def end_jobs(self):
        """Whatever is left is cancelled, without the server knowing: restart it after this."""
        self.script(["UPDATE task t JOIN job j ON j.id = t.job_id SET t.state = 'cancelled' WHERE t.state = 'ready';",
                     "UPDATE job SET state = 'cancelled' WHERE state IN ('active', 'paused');", "DELETE FROM lease;"])

    def stop_hard(self):
        """As after a power cut: server and database are killed."""
        database = self.database_pid()
        self.kill9()
        with contextlib.suppress(ProcessLookupError):
            os.kill(database, signal.SIGKILL)
        wait_for_none(lambda: processes_of(self.home))

    # --- measuring --------------------------------------------------------------------------------------------------
    def load(self, *options, plain=True, slaves=1000, check=True):
        """What distren-load found, as a dictionary; server and database are watched."""
        where = ["--plain", "--host", "127.0.0.1", "--port", self.plain_port] if plain else \
            ["--host", "localhost", "--port", self.line_port]
        done = subprocess.run([program("distren-load"), "--slaves-file", self.slaves_file, "--slaves", str(slaves), "--ca-file",
                               self.ca, "--measure-pid", str(self.child.pid), "--measure-pid", str(self.database_pid()),
                               *map(str, [*where, *options])], capture_output=True, text=True)
        assert done.returncode in (0, 3), f"distren-load: status {done.returncode}: {done.stderr}"
        figures = json.loads(done.stdout)
        if check:
            assert done.returncode == 0, done.stderr
        server, database = figures["watched"]
        figures["server_cpu_s"], figures["db_cpu_s"] = server["cpu_s"], database["cpu_s"]
        if figures["results"]:
            figures["server_cpu_s_per_1000"] = 1000 * server["cpu_s"] / figures["results"]
            figures["db_cpu_s_per_1000"] = 1000 * database["cpu_s"] / figures["results"]
        figures["server"] = server
        figures["words"] = done.stderr
        return figures
