"""A network cable between a slave and a server, for tests: a TCP relay that can be cut after a number of bytes, pulled
out, or go silent without a word.

    with Cable(port) as cable: ... cable.port is where to connect
"""
import contextlib
import select
import socket
import struct
import threading


class Cable:
    def __init__(self, to):
        self.to = to
        self.budgets = []       # bytes that the next connections carry, both ways together; after these all they want
        self.plugged = True
        self.cuts = 0           # connections that were cut in the middle
        self.carried = []       # bytes of each connection that ended
        self._silent = set()    # what is read from these goes nowhere
        self._pairs = {}
        self._ended = False
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ended = True
        self._thread.join()
        self.cut()
        self._listener.close()

    # --- what tests do to it ----------------------------------------------------------------------------------------
    def cut(self):
        """Ends every connection hard; new ones may be made."""
        with self._lock:
            for connection in list(self._pairs.values()):
                self._end(connection)

    def pull(self):
        """Ends every connection, and new ones come to nothing."""
        self.plugged = False
        self.cut()

    def plug(self):
        self.plugged = True

    def go_silent(self):
        """What is connected now stays so and carries nothing more; new connections work."""
        with self._lock:
            self._silent.update(id(connection) for connection in self._pairs.values())

    # --- the relay --------------------------------------------------------------------------------------------------
    def _end(self, connection):
        for end in connection["ends"]:
            self._pairs.pop(end, None)
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, no goodbye
            end.close()
        self.carried.append(connection["carried"])

    def _connect(self):
        near, _ = self._listener.accept()
        try:
            if not self.plugged:
                raise ConnectionError
            far = socket.create_connection(("127.0.0.1", self.to), timeout=5)
        except OSError:
            near.close()
            return
        connection = {"ends": (near, far), "carried": 0, "budget": self.budgets.pop(0) if self.budgets else None}
        self._pairs[near] = self._pairs[far] = connection

    def _carry(self, end):
        connection = self._pairs.get(end)
        if connection is None:
            return
        near, far = connection["ends"]
        other = far if end is near else near
        try:
            content = end.recv(65536)
            left = None if connection["budget"] is None else connection["budget"] - connection["carried"]
            silent = id(connection) in self._silent
            if content and not silent:
                other.sendall(content[:left])
                connection["carried"] += len(content[:left])
            over = left is not None and len(content) >= left
            self.cuts += over
            if not content or over:
                self._end(connection)
        except OSError:
            self._end(connection)

    def _run(self):
        while not self._ended:
            with self._lock:
                ends = [self._listener, *self._pairs]
            try:
                ready, _, _ = select.select(ends, [], [], 0.05)
            except (OSError, ValueError):  # one was closed meanwhile
                continue
            for end in ready:
                if end is self._listener:
                    with self._lock:
                        self._connect()
                else:
                    with self._lock:
                        self._carry(end)
