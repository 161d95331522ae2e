"""A malicious slave: speaks the line protocol and uploads by hand, renders nothing. Each Line is a connection."""
import base64
import contextlib
import hashlib
import json
import os
import random
import socket
import ssl
import struct
import time
import zlib

from programs import scenes

METHODS = [{"name": "blender", "version": "99.0"}]


def image(width=64, height=36, seed=0):
    """A PNG of this size; another seed makes another image."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    noise = random.Random(seed)
    rows = b"".join(b"\0" + bytes(noise.randrange(256) for _ in range(3 * width)) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def digest_of(content):
    return hashlib.sha256(content).hexdigest()


class Line:
    """A connection to the line protocol. receive() returns the next message, None when the server has closed it."""

    def __init__(self, grid, tls=True):
        self.grid, self.pending, self.deferred = grid, b"", []
        self.socket = socket.create_connection(("127.0.0.1", grid.line_port), 30)
        if tls:
            context = ssl.create_default_context(cafile=grid.ca)
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, message):
        raw = message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n"
        self.socket.sendall(raw)

    def receive(self, seconds=60):
        self.socket.settimeout(seconds)
        while b"\n" not in self.pending:
            try:
                more = self.socket.recv(65536)
            except (ConnectionError, ssl.SSLError):
                return None
            if not more:
                return None
            self.pending += more
        line, self.pending = self.pending.split(b"\n", 1)
        return json.loads(line)

    def expect(self, *kinds, seconds=60):
        """The next message of one of these types. Others are kept for later calls; pings are answered."""
        for message in self.deferred:
            if message["type"] in kinds:
                self.deferred.remove(message)
                return message
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            message = self.receive(max(0.1, until - time.monotonic()))
            assert message is not None, f"the server disconnected instead of sending {' or '.join(kinds)}"
            if message["type"] in kinds:
                return message
            assert message["type"] != "refused", message
            if message["type"] == "ping":
                self.send({"type": "pong"})
            else:
                self.deferred.append(message)
        raise AssertionError(f"no {' or '.join(kinds)} came, but {self.deferred}")

    def last_message(self, seconds=60):
        """Reads until the server closes the connection; returns its last message."""
        last = None
        while (message := self.receive(seconds)) is not None:
            last = message
        return last

    def sign_on(self, credentials, instance="one", protocol=1):
        self.send({"type": "sign_on", "protocol": protocol, "slavekey": credentials["slavekey"],
                   "slavepassword": credentials["slavepassword"], "instance": instance,
                   "software": "malicious-slave 1"})
        return self

    def welcome(self, credentials, instance="one"):
        self.sign_on(credentials, instance)
        self.expect("welcome")
        return self

    def hello(self, slots=1, holding=(), methods=None):
        self.send({"type": "hello", "os": "none", "cpu": "none", "cores": 1, "memory": 1000, "slots": slots,
                   "methods": METHODS if methods is None else methods,
                   "holding": [{"attempt": order["attempt"], "lease": order["lease"]} for order in holding]})
        return self

    # --- results ----------------------------------------------------------------------------------------------------
    def upload(self, order, content, digest=None, size=None):
        """Uploads an image to the order's URL; returns the upload's id, or the HTTP status when rejected."""
        def base64_of(text):
            return base64.b64encode(text.encode()).decode()
        meta = f"sha256 {base64_of(digest or digest_of(content))},filename {base64_of(order['output']['name'])}"
        status, answer, _, headers = self.grid.http(
            "POST", order["upload"], data=content, token="",
            headers={"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream",
                     "Upload-Length": str(len(content) if size is None else size), "Upload-Metadata": meta})
        self.refusal = answer.decode(errors="replace")
        return headers["Location"].rsplit("/", 1)[1] if status == 201 else status

    def result(self, order, content, upload, **changes):
        """Reports `done`; changes replace members of the message."""
        message = {"type": "result", "attempt": order["attempt"], "lease": order["lease"], "state": "done", "cpu": 10,
                   "wall": 10, "memory": 10,
                   "output": {"name": order["output"]["name"], "size": len(content), "sha256": digest_of(content),
                              "upload": upload}, **changes}
        self.send(message)
        return message

    def verdict(self):
        return self.expect("accepted", "rejected", "retry", "error")

    def deliver(self, order, content=None):
        """Uploads a valid image and reports it, as an honest slave does."""
        width, height = order["output"].get("width", 64), order["output"].get("height", 36)
        content = content or image(width, height, order["attempt"])
        upload = self.upload(order, content)
        assert isinstance(upload, str), (upload, self.refusal)
        self.result(order, content, upload)
        verdict = self.verdict()
        assert verdict == {"type": "accepted", "attempt": order["attempt"]}, verdict
        return content


def slave(grid, name):
    """Credentials of the slave with this name; created once."""
    credentials_by_name = grid.__dict__.setdefault("credentials_by_name", {})
    if name not in credentials_by_name:
        credentials_by_name[name] = grid.new_slave(name)
    return credentials_by_name[name]


@contextlib.contextmanager
def order_for(grid, name="malicious", **more):
    """(line, order): a new job of one frame, dispatched to this simulated slave; the job is cancelled afterwards."""
    with open(os.path.join(scenes(), "plain.blend"), "rb") as file:
        status, job = grid.post_job({"plain.blend": file.read()}, **more)
    assert status == 201, job
    try:
        with Line(grid).welcome(slave(grid, name)).hello() as line:
            order = line.expect("order")
            assert order["job"] == job["id"], order
            yield line, order
    finally:
        grid.api("POST", f"/api/v1/jobs/{job['id']}/cancel")
