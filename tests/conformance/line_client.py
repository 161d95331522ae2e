"""A slave of the suite over either carrier, by the grid's addresses alone, and what doc/protocol.md says of each message that the
server may send."""
import hashlib
import json
import os
import re
import socket
import ssl
import struct
import time
import zlib

from programs import SOURCE

SOFTWARE = {"name": "distren-conformance", "version": "1.0.0"}


def image(width, height):
    """A grey PNG of this size."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = (b"\0" + b"\x7f" * 3 * width) * height
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def message_tables():
    """{type: {member: its value as doc/protocol.md words it}} of what the server sends."""
    with open(os.path.join(SOURCE, "doc", "protocol.md"), encoding="utf-8") as file:
        text = file.read()
    tables = {}
    for section in re.split(r"^### ", text, flags=re.M)[1:]:
        head = re.match(r"`(\w+)` from (?:the server|either)", section)
        if head:
            tables[head[1]] = dict(re.findall(r"^\| `([^`]+)` \| ([^|]+?) \|", section, re.M))
    return tables


def value_faults(words, value):
    """Whether a value is what its table says of it."""
    numbers = [int(each.replace(",", "").replace("2^53 - 1", str(2**53 - 1)))
               for each in re.findall(r"(?:from|to) (-?[\d,]+(?:\^53 - 1)?)", words.replace("2^53 - 1", str(2**53 - 1)))]
    if words.startswith(("an integer", "a number")):
        kinds = (int,) if words.startswith("an integer") else (int, float)
        return not isinstance(value, kinds) or isinstance(value, bool) or not numbers[0] <= value <= numbers[1]
    if words.startswith("a text"):
        most = int(re.search(r"at most ([\d,]+) bytes", words)[1].replace(",", ""))
        return not isinstance(value, str) or len(value.encode()) > most
    if words == "an object":
        return not isinstance(value, dict)
    if words == "true or false":
        return not isinstance(value, bool)
    if words.startswith("a list"):
        if not isinstance(value, list) or len(value) > int(re.search(r"at most ([\d,]+)", words)[1].replace(",", "")):
            return True
        part = words.split(": ", 1)[1]
        return part != "objects" and any(value_faults(part, each) for each in value)
    return value not in re.split(r", | or ", words)


def message_faults(tables, message):
    """Members that a message of the server should not have, or not so."""
    known = tables.get(message["type"])
    if known is None:
        return [f"{message['type']} is no message of the server"]
    faults = []

    def look(value, prefix):
        for name, each in value.items():
            name = prefix + name
            if not prefix and name in ("type", "id", "reply_to"):
                continue
            if name not in known:
                faults.append(f"{message['type']}: '{name}' is not in its table")
                continue
            if value_faults(known[name], each):
                faults.append(f"{message['type']}: {name} is {str(each)[:100]}, its table says {known[name]}")
            elif isinstance(each, dict) and name != "parameters":
                look(each, name + ".")
            elif isinstance(each, list) and known[name].endswith("objects"):
                for part in each:
                    look(part, name + "[].")
    look(message, "")
    return faults


class Carrier:
    """What both have in common. receive() returns the next message, None at the end of the session."""

    def __init__(self):
        self.deferred, self.faults, self.tables = [], [], message_tables()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def take(self, message):
        self.faults += message_faults(self.tables, message)
        return message

    def sign_on(self, slave, instance="one", **more):
        self.send({"type": "sign_on", "protocols": [1], "slavekey": slave["slavekey"],
                   "slavepassword": slave["slavepassword"], "instance": instance, "software": SOFTWARE, **more})
        return self

    def welcome(self, slave, **more):
        self.sign_on(slave, **more).expect("welcome")
        return self

    def announce(self, slots=1, **more):
        self.send({"type": "announce", "os": "none", "cpu": "none", "cores": 1, "memory_mib": 1000, "slots": slots,
                   "renderers": [{"method": "blender", "version": "99.0"}], **more})
        return self

    def expect(self, *kinds, seconds=60):
        """The next message of one of these types; others are kept for later calls, pings answered."""
        for message in self.deferred:
            if message["type"] in kinds:
                self.deferred.remove(message)
                return message
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            message = self.receive(max(0.1, until - time.monotonic()))
            assert message is not None, f"the session ended before {' or '.join(kinds)} came; {self.deferred}"
            if message["type"] in kinds:
                return message
            if message["type"] == "ping":
                self.send({"type": "pong"})
            else:
                self.deferred.append(message)
        raise TimeoutError(f"no {' or '.join(kinds)} came within {seconds} s, but {self.deferred}")

    def alive(self):
        self.send({"type": "ping", "id": "alive"})
        answer = self.expect("pong")
        assert answer.get("reply_to") == "alive", answer

    def last_message(self):
        last = None
        while (message := self.receive(60)) is not None:
            last = message
        return last

    def done(self, order, upload, content, **changes):
        (attempt,) = order["attempts"]
        self.send({"type": "result", "attempt": attempt["attempt"], "lease": attempt["lease"], "outcome": "done",
                   "cpu_ms": 10, "wall_ms": 10, "peak_memory_mib": 10,
                   "outputs": [{"name": attempt["outputs"][0]["name"], "size_bytes": len(content),
                                "sha256": hashlib.sha256(content).hexdigest(), "upload_id": upload}], **changes})


class Line(Carrier):
    def __init__(self, target):
        super().__init__()
        host, _, port = target.line.rpartition(":")
        self.pending = b""
        context = ssl.create_default_context(cafile=target.ca_file)
        self.socket = context.wrap_socket(socket.create_connection((host, int(port)), 30), server_hostname=host)

    def close(self):
        self.socket.close()

    def send(self, message):
        self.socket.sendall(message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n")

    def receive(self, seconds=60):
        self.socket.settimeout(seconds)
        while b"\n" not in self.pending:
            try:
                more = self.socket.recv(65536)
            except TimeoutError as error:
                raise TimeoutError(f"nothing came within {seconds:.0f} s; {self.deferred}") from error
            except (ConnectionError, ssl.SSLError):
                return None
            if not more:
                return None
            self.pending += more
        line, self.pending = self.pending.split(b"\n", 1)
        if len(line) > 65536:
            self.faults.append(f"the server sent a line of {len(line)} bytes")
        return self.take(json.loads(line))


class HttpsLine(Carrier):
    def __init__(self, target):
        super().__init__()
        self.client, self.arrived, self.session = target.client, [], ""

    def close(self):
        if self.session:
            self.exchange([{"type": "goodbye"}])

    def exchange(self, messages, wait_ms=0):
        answer = self.client.call("exchangeMessages", query={"wait_ms": wait_ms}, body={"messages": messages},
                                  token=self.session)
        if answer.status != 200:
            self.session = ""
            return answer
        for message in answer.json["messages"]:
            self.session = message.get("session", self.session) if message["type"] == "welcome" else self.session
            self.arrived.append(self.take(message))
        return answer

    def send(self, message):
        self.exchange([message])

    def receive(self, seconds=60):
        until = time.monotonic() + seconds
        while not self.arrived and self.session and time.monotonic() < until:
            self.exchange([], wait_ms=1000)
        if not self.arrived and self.session:
            raise TimeoutError(f"nothing came within {seconds:.0f} s; {self.deferred}")
        return self.arrived.pop(0) if self.arrived else None
