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

RENDERERS = [{"method": "blender", "version": "3.4.1"}]


def image(width=64, height=36, seed=0):
    """A PNG of this size; another seed makes another image."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    noise = random.Random(seed)
    rows = b"".join(b"\0" + bytes(noise.randrange(256) for _ in range(3 * width)) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def accepted(verdict, order):
    return verdict["type"] == "verdict" and (verdict["attempt"], verdict["verdict"]) == (order["attempt"], "accepted")


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

    def expect_order(self, seconds=60):
        """The next order of one frame, with the members of its attempt, its output and its upload's URL beside it."""
        order = self.expect("order", seconds=seconds)
        (attempt,) = order["attempts"]
        return {**order, **attempt, "output": (attempt["outputs"] or [None])[0],
                "upload": attempt.get("upload", {}).get("url")}

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

    def sign_on(self, credentials, instance="one", protocols=(1,), **more):
        self.send({"type": "sign_on", "protocols": protocols, "slavekey": credentials["slavekey"],
                   "slavepassword": credentials["slavepassword"], "instance": instance,
                   "software": {"name": "malicious-slave", "version": "1"}, **more})
        return self

    def welcome(self, credentials, instance="one"):
        self.sign_on(credentials, instance)
        self.expect("welcome")
        return self

    def announce(self, slots=1, holding=(), renderers=None, **more):
        self.send({"type": "announce", "os": "none", "cpu": "none", "cores": 1, "memory_mib": 1000, "slots": slots,
                   "renderers": RENDERERS if renderers is None else renderers,
                   "holding": [{"attempt": order["attempt"], "lease": order["lease"]} for order in holding], **more})
        return self

    # --- results ----------------------------------------------------------------------------------------------------
    def upload(self, order, content, digest=None, size=None, name=None):
        """Uploads an image to the order's URL; returns the upload's id, or the HTTP status when rejected. name: of a
        file of the frame after its first."""
        def base64_of(text):
            return base64.b64encode(text.encode()).decode()
        meta = f"sha256 {base64_of(digest or digest_of(content))},filename {base64_of(name or order['output']['name'])}"
        status, answer, _, headers = self.grid.http(
            "POST", order["upload"], data=content, token="",
            headers={"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream",
                     "Upload-Length": str(len(content) if size is None else size), "Upload-Metadata": meta})
        self.refusal = answer.decode(errors="replace")
        return headers["Location"].rsplit("/", 1)[1] if status == 201 else status

    def result(self, order, content, upload, **changes):
        """Reports `done`; changes replace members of the message."""
        message = {"type": "result", "attempt": order["attempt"], "lease": order["lease"], "outcome": "done",
                   "cpu_ms": 10, "wall_ms": 10, "peak_memory_mib": 10,
                   "outputs": [{"name": order["output"]["name"], "size_bytes": len(content),
                                "sha256": digest_of(content), "upload_id": upload}], **changes}
        self.send(message)
        return message

    def verdict(self):
        return self.expect("verdict", "error")

    def deliver(self, order, content=None):
        """Uploads a valid image and reports it, as an honest slave does."""
        width, height = order["output"].get("width", 64), order["output"].get("height", 36)
        content = content or image(width, height, order["attempt"])
        upload = self.upload(order, content)
        assert isinstance(upload, str), (upload, self.refusal)
        self.result(order, content, upload)
        verdict = self.verdict()
        assert accepted(verdict, order), verdict
        return content


class HttpsLine(Line):
    """The same conversation over POST /api/v1/line: a request for each message, and one for each wait."""

    def __init__(self, grid):  # pylint: disable=super-init-not-called
        self.grid, self.arrived, self.deferred, self.session, self.status = grid, [], [], "", 200

    def close(self):
        if self.session:
            self.exchange([{"type": "goodbye"}])

    def exchange(self, messages, wait_ms=0):
        self.status, answer = self.grid.api("POST", f"/api/v1/line?wait_ms={wait_ms}", {"messages": messages},
                                            token=self.session)
        if self.status != 200:
            return answer
        for message in answer["messages"]:
            if message["type"] == "welcome":
                self.session = message["session"]
        self.arrived += answer["messages"]
        return answer

    def send(self, message):
        self.exchange([message])

    def receive(self, seconds=60):
        until = time.monotonic() + seconds
        while not self.arrived and self.status == 200 and time.monotonic() < until:
            self.exchange([], wait_ms=1000)
        return self.arrived.pop(0) if self.arrived else None


CARRIERS = (Line, HttpsLine)


def slave(grid, name):
    """Credentials of the slave with this name; created once."""
    credentials_by_name = grid.__dict__.setdefault("credentials_by_name", {})
    if name not in credentials_by_name:
        credentials_by_name[name] = grid.new_slave(name)
    return credentials_by_name[name]


@contextlib.contextmanager
def order_for(grid, name="malicious", carrier=Line, **more):
    """(line, order): a new job of one frame, dispatched to this simulated slave; the job is cancelled afterwards."""
    with open(os.path.join(scenes(), "plain.blend"), "rb") as file:
        status, job = grid.post_job({"plain.blend": file.read()}, **more)
    assert status == 201, job
    try:
        with carrier(grid).welcome(slave(grid, name)).announce() as line:
            order = line.expect_order()
            assert order["job"] == job["id"], order
            yield line, order
    finally:
        grid.api("POST", f"/api/v1/jobs/{job['id']}/cancel")
