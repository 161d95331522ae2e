"""A TCP relay between a slave and a server that injects network faults: it resets connections after a number of bytes,
refuses new ones, or stops relaying without closing.

    with FaultProxy(port) as proxy: ... proxy.port is where to connect
"""
import contextlib
import select
import socket
import struct
import threading


class FaultProxy:
    def __init__(self, to):
        self.to = to
        self.budgets = []       # byte limits of the next connections, both directions together; no limit once used up
        self.reachable = True
        self.cuts = 0           # connections that reached their limit
        self.relayed = []       # bytes of each connection that ended
        self._stalled = set()   # what is read from these is discarded
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

    # --- faults -----------------------------------------------------------------------------------------------------
    def cut(self):
        """Resets every connection; new ones are accepted."""
        with self._lock:
            for connection in list(self._pairs.values()):
                self._end(connection)

    def disconnect(self):
        """Resets every connection and closes new ones at once."""
        self.reachable = False
        self.cut()

    def reconnect(self):
        self.reachable = True

    def stall(self):
        """Present connections stay open but relay nothing more; new connections work."""
        with self._lock:
            self._stalled.update(id(connection) for connection in self._pairs.values())

    # --- the relay --------------------------------------------------------------------------------------------------
    def _end(self, connection):
        for end in connection["ends"]:
            self._pairs.pop(end, None)
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset instead of an orderly close
            end.close()
        self.relayed.append(connection["relayed"])

    def _connect(self):
        near, _ = self._listener.accept()
        try:
            if not self.reachable:
                raise ConnectionError
            far = socket.create_connection(("127.0.0.1", self.to), timeout=5)
        except OSError:
            near.close()
            return
        connection = {"ends": (near, far), "relayed": 0, "budget": self.budgets.pop(0) if self.budgets else None}
        self._pairs[near] = self._pairs[far] = connection

    def _relay(self, end):
        connection = self._pairs.get(end)
        if connection is None:
            return
        near, far = connection["ends"]
        other = far if end is near else near
        try:
            content = end.recv(65536)
            left = None if connection["budget"] is None else connection["budget"] - connection["relayed"]
            stalled = id(connection) in self._stalled
            if content and not stalled:
                other.sendall(content[:left])
                connection["relayed"] += len(content[:left])
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
            except (OSError, ValueError):  # one was closed in the meantime
                continue
            for end in ready:
                if end is self._listener:
                    with self._lock:
                        self._connect()
                else:
                    with self._lock:
                        self._relay(end)
