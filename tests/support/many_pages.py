"""Many simulated open pages without browsers, each with an event stream that is read, and the
questions that a home page asks while it is told what is new."""
import json
import selectors
import socket
import threading
import time

CALM = 75  # seconds from question to question of a page; htdocs/src/api/live.ts
QUESTIONS = ("/api/v1/grid", "/api/v1/jobs?limit=60", "/api/v1/points/balance", "/api/v1/ranking?limit=5")


class Pages:
    """`with Pages(port, tokens, each) as pages:` holds `each` pages for every token."""

    def __init__(self, port, tokens, each):
        self.port, self.wanted = port, [token for token in tokens for _ in range(each)]
        self.selector, self.heard, self.open, self.asked, self.failed = selectors.DefaultSelector(), 0, 0, 0, []
        self.stopping = threading.Event()

    def __enter__(self):
        for token in self.wanted:
            connection = socket.create_connection(("127.0.0.1", self.port))
            connection.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
            self.selector.register(connection, selectors.EVENT_READ)
        self.threads = [threading.Thread(target=each, daemon=True) for each in (self.read, self.ask)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()

    def read(self):
        while not self.stopping.is_set():
            for key, _ in self.selector.select(0.2):
                data = key.fileobj.recv(1 << 16)
                self.open += data.count(b"event: stream.open")
                self.heard += data.count(b"\nevent: ")
                if not data or (b"HTTP/1.1 " in data and b"HTTP/1.1 200" not in data):
                    self.failed.append(data[:200])
                    self.selector.unregister(key.fileobj)
                    key.fileobj.close()

    def ask(self):
        """All questions of all pages, evenly over the time, on one connection that is kept."""
        connection = socket.create_connection(("127.0.0.1", self.port))
        reply = connection.makefile("rb")
        pause, number = CALM / len(QUESTIONS) / len(self.wanted), 0
        due = time.monotonic()
        while not self.stopping.is_set():
            due += pause
            time.sleep(max(0, due - time.monotonic()))
            path, token = QUESTIONS[number % len(QUESTIONS)], self.wanted[(number // len(QUESTIONS)) % len(self.wanted)]
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
            status, length = reply.readline(), 0
            for line in iter(reply.readline, b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            json.loads(reply.read(length))
            assert b" 200 " in status, status
            number += 1
            self.asked = number
