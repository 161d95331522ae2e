"""A fake server for tests of slaves: the line protocol without TLS and files over HTTP, both on loopback.

The test drives it: it waits for messages of the slave and sends replies. Nothing is decided here.
"""
import base64
import hashlib
import http.server
import json
import queue
import re
import socket
import threading
import time

PATIENCE = 60  # seconds; limit of each wait


class FakeServer:
    def __init__(self):
        self.blobs = {}  # sha256 -> bytes
        self.uploads = {}  # id -> {"data", "length", "sha256", "query"}
        self.gets = []  # (path, Range header)
        self.cut_downloads = 0  # number of downloads to cut off half way
        self.cut_uploads = 0
        self.refuse_uploads = None  # a status
        self.expired = ()  # parts of URLs whose signatures have expired
        self.refusal = None  # answer to the sign-on instead of welcome
        self.welcome = {}  # further members of the welcome
        self.posts = queue.Queue()  # (authorization, messages) of /api/v1/line
        self.exchange = None  # function(authorization, messages) -> (status, object)
        self.lines = queue.Queue()  # connections
        self.line = socket.create_server(("127.0.0.1", 0))
        self.port = self.line.getsockname()[1]
        server = self

        class Handler(FileHandler):
            fake = server

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self.http.server_port
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.line.accept()
            threading.Thread(target=self.sign_on, args=(connection,), daemon=True).start()

    def sign_on(self, connection):
        line = Line(connection)
        sign_on = line.read()
        if not sign_on:
            return
        line.sign_on = sign_on
        if self.refusal:
            line.send(self.refusal)
            line.close()
            return
        line.send(self.welcome_message())
        threading.Thread(target=line.pump, daemon=True).start()
        self.lines.put(line)

    def welcome_message(self, **more):
        return {"type": "welcome", "protocol": 1, "slave": {"id": 7, "name": "attic"},
                "server": {"name": "fake", "version": "1"}, "offers": [], "base_url": self.url, "heartbeat_ms": 30000,
                **self.welcome, **more}

    def next_line(self):
        """The next connection, after sign-on and announce."""
        line = self.lines.get(timeout=PATIENCE)
        line.announce = line.expect("announce")
        return line

    def add(self, data):
        digest = hashlib.sha256(data).hexdigest()
        self.blobs[digest] = data
        return digest

    def order(self, attempt, scene, frame=1, files=None, **changes):
        digest = self.add(scene)
        listed = files or [("scene.blend", digest, len(scene))]
        attempt_members = {
            "attempt": attempt, "task": attempt, "frame": frame, "lease": "lease-%d" % attempt,
            "outputs": [changes.pop("output", {"name": "%04d.png" % frame, "format": "PNG", "width": 8, "height": 6,
                                               "max_bytes": 1 << 20})],
            "upload": {"protocol": "tus-1.0", "url": changes.pop("upload", "/api/v1/uploads?attempt=%d&signature=x" % attempt)},
            **changes.pop("attempt_changes", {})}
        message = {
            "type": "order", "kind": "render", "job": changes.pop("job", 1),
            "renderer": {"method": changes.pop("method", "blender"), "version": changes.pop("version", "")},
            "parameters": {"file": listed[0][0], "format": "PNG", **changes.pop("parameters", {})},
            "inputs": [{"path": p, "sha256": d, "size_bytes": s, "url": "/api/v1/files/blobs/" + d}
                       for p, d, s in listed],
            "lease_ms": 600000, "deadline_ms": 120000, "attempts": [attempt_members]}
        message.update(changes)
        return message

    def uploaded(self, result, output=0):
        return bytes(self.uploads[result["outputs"][output]["upload_id"]]["data"])


class Line:
    def __init__(self, connection):
        self.connection = connection
        self.file = connection.makefile("rb")
        self.messages = queue.Queue()
        self.kept = []

    def read(self):
        try:
            text = self.file.readline()
            return json.loads(text) if text else None
        except (OSError, ValueError):
            return None

    def pump(self):
        while (message := self.read()) is not None:
            if message["type"] == "ping":
                self.send({"type": "pong"})
            if message["type"] == "progress":  # one for each attempt
                for item in message["items"]:
                    self.messages.put({"type": "progress", **item})
            else:
                self.messages.put(message)
        self.messages.put({"type": "closed"})

    def send(self, message):
        self.send_bytes(json.dumps(message).encode() + b"\n")

    def send_bytes(self, data):
        try:
            self.connection.sendall(data)
        except OSError:
            pass

    def expect(self, kind, **values):
        """The next message of this kind with these members; earlier ones are stored in `kept`."""
        until = time.monotonic() + PATIENCE
        while True:
            message = self.messages.get(timeout=max(0.01, until - time.monotonic()))
            if message["type"] == kind and all(message.get(k) == v for k, v in values.items()):
                return message
            self.kept.append(message)
            if message["type"] == "closed":
                raise AssertionError("the slave disconnected while %s was awaited" % kind)

    def close(self):
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.connection.close()


class FileHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake = None

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def cut(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def has_expired(self):
        if not any(part in self.path for part in self.fake.expired):
            return False
        self.answer(403, b'{"code":"link_expired","detail":"this address has expired; ask for a new one"}')
        return True

    def do_GET(self):
        if self.has_expired():
            return None
        wanted = self.headers.get("Range")
        self.fake.gets.append((self.path, wanted))
        data = self.fake.blobs.get(self.path.split("?")[0].rsplit("/", 1)[1])
        if data is None:
            return self.answer(404, b'{"code":"not_found","detail":"no such blob"}')
        start = int(re.match(r"bytes=(\d+)-", wanted).group(1)) if wanted else 0
        part = data[start:]
        headers = [("Content-Range", "bytes %d-%d/%d" % (start, len(data) - 1, len(data)))] if wanted else []
        if self.fake.cut_downloads > 0:
            self.fake.cut_downloads -= 1
            self.send_response(206 if wanted else 200)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            self.wfile.write(part[: len(part) // 2])
            self.wfile.flush()
            return self.cut()
        self.answer(206 if wanted else 200, part, headers)

    # --- uploads (tus 1.0) ---
    def upload(self):
        return self.fake.uploads.get(self.path.split("?")[0].rsplit("/", 1)[1])

    def do_POST(self):
        body = self.body()
        path = self.path.split("?")[0]
        if path == "/api/v1/line":
            messages = json.loads(body)["messages"]
            self.fake.posts.put((self.headers.get("Authorization"), messages))
            status, value = self.fake.exchange(self.headers.get("Authorization"), messages)
            return self.answer(status, json.dumps(value).encode(), [("Content-Type", "application/json")])
        if self.has_expired():
            return None
        if self.fake.refuse_uploads:
            return self.answer(self.fake.refuse_uploads, b'{"code":"forbidden","detail":"too old"}')
        if self.fake.cut_uploads > 0:
            self.fake.cut_uploads -= 1
            return self.cut()
        fields = dict(f.split(" ") for f in self.headers["Upload-Metadata"].split(","))
        name = "u%d" % (len(self.fake.uploads) + 1)
        self.fake.uploads[name] = {"data": bytearray(body), "length": int(self.headers["Upload-Length"]),
                                   "sha256": base64.b64decode(fields["sha256"]).decode(),
                                   "query": self.path.partition("?")[2]}
        self.answer(201, b"", [("Location", "/api/v1/uploads/" + name), ("Upload-Offset", str(len(body))),
                               ("Tus-Resumable", "1.0.0")])

    def do_HEAD(self):
        found = self.upload()
        if found is None:
            return self.answer(404)
        self.answer(200, b"", [("Upload-Offset", str(len(found["data"]))), ("Tus-Resumable", "1.0.0")])

    def do_PATCH(self):
        found, body = self.upload(), self.body()
        if found is None:
            return self.answer(404)
        if int(self.headers["Upload-Offset"]) != len(found["data"]):
            return self.answer(409)
        found["data"] += body
        self.answer(204, b"", [("Upload-Offset", str(len(found["data"]))), ("Tus-Resumable", "1.0.0")])
