"""A whole grid for a test: a real distrend with its own database, real slaves, the real command line, all on
loopback and in one temporary folder. `with Grid() as grid:` starts the server; everything ends with the block.

Settings are members of distrend.toml by dotted name: Grid({"times.lease_seconds": 5}). KEEP_GRID=1 keeps the folder.
"""
import base64
import contextlib
import getpass
import hashlib
import json
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from programs import (BUILD, SOURCE, Daemon, check_image, free_ports, need, processes_of, program, sandbox_works, tail, toml,
                      wait_for_none)
from tap import wait_until

ENDED = ("finished", "failed", "cancelled")
LARGEST_PART = 4 << 20


# By program, drivers and definition: tests/e2e/slave_renderers.py has its own slaves, which try everything.
TRIALS = os.path.join(BUILD, "tests-trials.json")


def keep_trials(path):
    """Adds what a slave has tried to what is known; of two at once one wins, and the other's is tried again."""
    with contextlib.suppress(OSError, ValueError):
        trials = {}
        for each in (TRIALS, path):
            if os.path.exists(each):
                with open(each, encoding="utf-8") as file:
                    trials.update(json.load(file))
        with tempfile.NamedTemporaryFile("w", dir=BUILD, delete=False) as file:
            json.dump(trials, file)
        os.replace(file.name, TRIALS)


class Slave(Daemon):
    def __init__(self, grid, name, credentials, settings):
        self.name, self.credentials, self.id = name, credentials, credentials["id"]
        self.folder = os.path.join(grid.folder, "slaves", name)
        self.state = settings.get("state", os.path.join(self.folder, "state"))
        os.makedirs(self.folder, exist_ok=True)
        config = os.path.join(self.folder, "distren-slave.toml")
        text = toml({"server": "localhost", "port": grid.line_port, "ca_file": grid.ca,
                     "slavekey": credentials["slavekey"], "slavepassword": credentials["slavepassword"], "state": self.state,
                     "threads": 1, "nice": 0,  # a polite renderer gets nothing while two tests run beside each other
                     "methods": os.path.join(SOURCE, "methods"),
                     "sandbox": "on" if sandbox_works() else "off", **settings})
        with open(os.open(config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        super().__init__([program("distren-slave"), "--config", config], os.path.join(self.folder, "log"))
        self.grid = grid

    def start(self, wait=True):
        self.launch()
        if wait:
            wait_until(f"slave {self.name} signs on", self.online)
        return self

    def launch(self):
        # What the programs of this machine can do is tried once for all tests, not by every slave anew.
        kept = os.path.join(self.state, "trials.json")
        if os.path.exists(TRIALS) and not os.path.exists(kept):
            os.makedirs(self.state, 0o700, exist_ok=True)
            shutil.copy(TRIALS, kept)
        super().launch()

    def stop(self, patience=60):
        status = super().stop(patience)
        keep_trials(os.path.join(self.state, "trials.json"))
        return status

    def online(self):
        return self.grid.api("GET", f"/api/v1/slaves/{self.id}")[1].get("online")

    def unsent(self):
        """Attempts whose results are still in its outbox."""
        folder = os.path.join(self.state, "outbox")
        return [name for name in os.listdir(folder) if name.isdigit()] if os.path.isdir(folder) else []


class Grid(Daemon):
    def __init__(self, settings=None, standalone=True, admin=True):
        """Not standalone: settings must say where the database is, and the caller migrates it before the start."""
        need("blender")
        server, sandbox = program("distrend"), "on" if sandbox_works() else "off"
        self.folder = tempfile.mkdtemp(prefix="distren-e2e-")
        self.home, self.admin = os.path.join(self.folder, "grid"), admin
        os.makedirs(self.home, exist_ok=True)
        self.slaves, self.token = [], None
        line, https, http = free_ports(3)
        self.line_port, self.http_port = line, http
        self.url, self.ca = f"https://localhost:{https}", os.path.join(self.home, "tls", "certificate.pem")
        self.settings = {"listen.line": f"127.0.0.1:{line}", "listen.https": f"127.0.0.1:{https}",
                         "listen.http": f"127.0.0.1:{http}", "limits.min_free_bytes": 0, "benchmark_seconds": 0,
                         "methods": os.path.join(SOURCE, "methods"), "sql": os.path.join(SOURCE, "sql"),
                         "sandbox": sandbox, **(settings or {})}
        self.config = os.path.join(self.home, "distrend.toml")
        if not standalone:
            self.make_home()
        self.write_config()
        how = ["--standalone", self.home] if standalone else ["--config", self.config]
        super().__init__([server, *how], os.path.join(self.folder, "distrend.log"))

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            print("\n".join("# " + each for each in tail(self.log).splitlines()))
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

    def write_config(self):
        with open(self.config, "w") as file:
            file.write(toml(self.settings))

    def make_home(self):
        """Creates what --standalone creates: a certificate and a store."""
        for name in ("tls", "stor"):
            os.makedirs(os.path.join(self.home, name), exist_ok=True)
        key = os.path.join(self.home, "tls", "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", key, "-out", self.ca, "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
        self.settings.update({"stor": os.path.join(self.home, "stor"), "tls.certificate": self.ca, "tls.key": key,
                              "public_url": self.url})

    # --- the server -------------------------------------------------------------------------------------------------
    def start(self):
        self.launch()
        wait_until("the server starts", self.ready, 90)
        if self.admin and not self.token:
            self.token = self.sign_up("admin")
        return self

    def ready(self):
        if not self.alive():
            raise AssertionError(f"the server ended while starting, status {self.child.returncode}")
        try:
            return self.api("GET", "/healthz", token="")[0] == 200
        except (OSError, ssl.SSLError):
            return False

    def restart(self):
        status = self.stop()
        assert status == 0, f"the server ended with status {status}"
        return self.start()

    def close(self):
        for slave in self.slaves:
            if slave.alive():
                slave.child.terminate()
        for each in [*self.slaves, self]:
            with contextlib.suppress(AssertionError):
                each.stop(20)
        left = wait_for_none(lambda: processes_of(self.folder))
        for pid in left:  # of a killed server or slave; ours alone, for the folder's name is random
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if os.environ.get("KEEP_GRID"):
            print(f"# kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def evidence(self):
        return tail(self.log) + "".join(tail(slave.log) for slave in self.slaves)

    def descriptors(self):
        """Open file descriptors, without database connections, which each thread opens at its first use."""
        (connections,), = self.sql("SELECT COUNT(*) FROM information_schema.processlist WHERE info IS NULL")
        return len(os.listdir(f"/proc/{self.child.pid}/fd")) - int(connections)

    def descriptors_at_rest(self):
        """Open file descriptors without clients."""
        lowest = self.descriptors()
        for _ in range(20):
            time.sleep(0.1)
            lowest = min(lowest, self.descriptors())
        return lowest

    def sql(self, statement):
        """Rows of the grid's database, as lists of text, with its owner's rights."""
        socket = self.settings.get("database.socket", os.path.join(self.home, "db", "mariadb.sock"))
        done = subprocess.run(["mariadb", "--no-defaults", "-N", "-B", "--user=" + getpass.getuser(),
                               "--socket=" + socket, "distren", "-e", statement], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def database_pid(self):
        with open(os.path.join(self.home, "db", "mariadb.pid")) as file:
            return int(file.read())

    # --- the API ----------------------------------------------------------------------------------------------------
    def api(self, method, path, body=None, token=None, headers=None, data=None, timeout=60):
        """(status, parsed body or bytes). token "" sends none; data is sent unchanged."""
        status, content, kind, _ = self.http(method, path, body, token, headers, data, timeout)
        return status, json.loads(content) if "json" in kind else content

    def http(self, method, path, body=None, token=None, headers=None, data=None, timeout=60):
        """(status, bytes, content type, headers)."""
        headers = dict(headers or {})
        token = self.token if token is None else token
        if token:
            headers["Authorization"] = "Bearer " + token
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        url = path if path.startswith("http") else self.url + path
        request = urllib.request.Request(url, data, headers, method=method)
        context = ssl.create_default_context(cafile=self.ca)
        try:
            with urllib.request.urlopen(request, timeout=timeout, context=context) as answer:
                return answer.status, answer.read(), answer.headers.get("Content-Type") or "", answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(), error.headers.get("Content-Type") or "", error.headers
        except urllib.error.URLError as error:
            raise OSError(f"{method} {path}: {error.reason}") from error

    def sign_up(self, name, password="correct horse battery"):
        status, answer = self.api("POST", "/api/v1/users", {"name": name, "password": password}, token="")
        assert status == 201, answer
        return answer["token"]

    def job(self, number):
        return self.api("GET", f"/api/v1/jobs/{number}")[1]

    def tasks(self, number):
        return self.api("GET", f"/api/v1/jobs/{number}/tasks?limit=1000")[1]["items"]

    def wait(self, number, states=ENDED, seconds=180):
        """The job in one of these states; connection errors are retried."""
        def look():
            try:
                job = self.job(number)
            except OSError:
                return None
            return job if job.get("state") in states else None
        job = wait_until(f"job {number} becomes {' or '.join(states)}", look, seconds)
        self.wait_images(job)
        return job

    def wait_images(self, job, seconds=10):
        """An image is put in place after the database has accepted it: a moment later than the API tells of it. Whoever looks
        into the folder checks what is there; here nothing is demanded."""
        if job["tasks"]["finished"] > 1000:
            return
        try:
            wanted = {output["name"] for task in self.tasks(job["id"]) for output in task["outputs"]}
        except OSError:  # the server was stopped meanwhile
            return
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not os.path.isdir(self.output(job["id"])) or wanted <= set(os.listdir(self.output(job["id"]))):
                return
            time.sleep(0.05)

    def rendering(self, number):
        """How many frames of a job slaves have."""
        tasks = self.job(number)["tasks"]
        return tasks["assigned"] + tasks["rendering"] + tasks["checking"]

    def wait_frames(self, number, count, seconds=120):
        return wait_until(f"{count} frames of job {number} are accepted",
                          lambda: self.job(number)["tasks"]["finished"] >= count, seconds)

    # --- users and slaves -------------------------------------------------------------------------------------------
    def cli(self, *arguments, words=None, user="admin", check=None, timeout=180, cwd=None):
        """Runs distren as this user; check is the exit status that is expected."""
        config = os.path.join(self.folder, "config", user)
        os.makedirs(config, exist_ok=True)
        environment = {**os.environ, "DISTREN_SERVER": self.url, "DISTREN_CA_FILE": self.ca, "XDG_CONFIG_HOME": config}
        if user == "admin":
            environment["DISTREN_TOKEN"] = self.token or ""
        done = subprocess.run([program("distren"), *map(str, arguments)], input=words, capture_output=True, text=True,
                              env=environment, timeout=timeout, cwd=cwd or self.folder)
        if check is not None:
            assert done.returncode == check, f"distren {' '.join(map(str, arguments))}: status {done.returncode}, " \
                f"expected {check}\n{done.stdout}{done.stderr}"
        return done

    def submit(self, file, *options, check=0, **kinds):
        """The job's number, through the command line."""
        done = self.cli("submit", file, *options, "--json", check=check, **kinds)
        return json.loads(done.stdout)["id"] if check == 0 else done

    def new_slave(self, name):
        status, credentials = self.api("POST", "/api/v1/slaves", {"name": name})
        assert status == 201, credentials
        return credentials

    def add_slave(self, name="attic", start=True, credentials=None, **settings):
        """A real slave; settings are members of distren-slave.toml, credentials a result of new_slave."""
        slave = Slave(self, name, credentials or self.new_slave(name), settings)
        self.slaves.append(slave)
        return slave.start() if start else slave

    # --- submitting without the client ------------------------------------------------------------------------------
    def upload(self, content, name="file"):
        """Sends bytes as a blob by tus, in parts; (status, answer) of the last request."""
        def base64_of(text):
            return base64.b64encode(text.encode()).decode()
        digest = hashlib.sha256(content).hexdigest()
        tus = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
        status, answer, _, headers = self.http(
            "POST", "/api/v1/uploads", data=content[:LARGEST_PART],
            headers={**tus, "Upload-Length": str(len(content)),
                     "Upload-Metadata": f"sha256 {base64_of(digest)},filename {base64_of(name)}"})
        for offset in range(LARGEST_PART, len(content), LARGEST_PART):
            if status not in (201, 204):
                break
            status, answer, _, _ = self.http("PATCH", headers["Location"], data=content[offset:offset + LARGEST_PART],
                                             headers={**tus, "Upload-Offset": str(offset)})
        return status, answer

    def post_job(self, files, frames="1", **members):
        """(status, answer) of a job made of {path: content}; the first file is its source."""
        listed = []
        for path, content in files.items():
            status, answer = self.upload(content, path)
            assert status in (201, 204), answer
            listed.append({"path": path, "sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)})
        return self.api("POST", "/api/v1/submissions", {"name": "by hand", "method": "blender", "main_file": listed[0]["path"],
                                                 "files": listed, "frames": frames, **members})

    # --- frames -----------------------------------------------------------------------------------------------------
    def output(self, number):
        return os.path.join(self.home, "stor", f"job{number}", "output")

    def check_output(self, number, frames=None):
        """Every frame of a finished job is stored once, decodes and has its row's digest; there is nothing else."""
        tasks = self.tasks(number)
        if frames is not None:
            assert sorted(task["frame"] for task in tasks) == sorted(frames), [task["frame"] for task in tasks]
        folder = self.output(number)
        present = sorted(os.path.relpath(os.path.join(place, name), folder)
                         for place, _, names in os.walk(folder) for name in names)
        listed = [output for task in tasks for output in task["outputs"]]
        assert present == sorted(output["name"] for output in listed), f"{present} are stored, rows are {tasks}"
        for output in listed:
            path = os.path.join(self.output(number), output["name"])
            with open(path, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            assert digest == output["sha256"], f"{path} has {digest}, its row says {output['sha256']}"
            assert os.path.getsize(path) == output["size_bytes"], output
            assert check_image(path).returncode == 0, f"{path} does not decode"
        return present

    def check_once(self, number):
        """Every frame of a finished job was accepted once, and no lease, upload or half-written file is left of it."""
        self.check_output(number)
        rows = self.sql("SELECT t.frame, t.state, SUM(a.outcome = 'accepted'), COUNT(l.attempt_id) FROM task t "
                        "JOIN attempt a ON a.task_id = t.id LEFT JOIN lease l ON l.task_id = t.id "
                        f"WHERE t.job_id = {number} GROUP BY t.id")
        assert rows and all(row[1:] == ["accepted", "1", "0"] for row in rows), rows
        tasks = self.job(number)["tasks"]
        assert len(rows) == tasks["total"] == tasks["finished"], (rows, tasks)
