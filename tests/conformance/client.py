"""Calls of a grid by the names of its document's operations. Every answer is held to the document: faults gather in `faults`, and
what was answered to what in `seen`. Needs nothing of the grid but its address."""
import http.client
import json
import re
import ssl
import urllib.parse

from tap import wait_until

ABSENT = object()  # in place of a body: the example of the document


def unique(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a member occurs twice among {names}"
    return dict(pairs)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.kind = (headers.get("Content-Type") or "").split(";")[0]
        self.json = json.loads(body, object_pairs_hook=unique) if "json" in self.kind and body else None

    @property
    def code(self):
        return self.json.get("code", "") if self.json and self.kind == "application/problem+json" else ""

    def __repr__(self):
        return f"{self.status} {self.kind} {self.body[:400]!r}"


class Client:
    def __init__(self, url, ca_file, document=None):
        self.url, self.document, self.token = urllib.parse.urlsplit(url), document, ""
        self.context = ssl.create_default_context(cafile=ca_file) if self.url.scheme == "https" else None
        self.connection, self.faults, self.seen, self.codes = None, [], set(), set()

    # --- requests -----------------------------------------------------------------------------------------------------
    def connect(self, timeout=60):
        host, port = self.url.hostname, self.url.port
        if self.context:
            return http.client.HTTPSConnection(host, port, timeout=timeout, context=self.context)
        return http.client.HTTPConnection(host, port, timeout=timeout)

    def request(self, method, path, data=None, headers=None, token=None):
        """One exchange, over the connection of the last one if it is still there."""
        headers = {"User-Agent": "distren-conformance/1", **(headers or {})}
        token = self.token if token is None else token
        if token:
            headers.setdefault("Authorization", "Bearer " + token)
        for last in (False, True):
            fresh = self.connection is None
            self.connection = self.connection or self.connect()
            try:
                self.connection.request(method, self.url.path.rstrip("/") + path, data, headers)
                answer = self.connection.getresponse()
                return Answer(answer.status, answer.headers, answer.read())
            except (http.client.HTTPException, OSError):
                self.connection.close()
                self.connection = None
                if fresh or last:
                    raise

    def address(self, operation, ids, query):
        path = re.sub(r"\{(\w+)\}", lambda found: urllib.parse.quote(str(ids[found[1]]), safe=""), operation.path)
        return path + ("?" + urllib.parse.urlencode(query) if query else "")

    def call(self, name, ids=None, query=None, body=ABSENT, data=None, headers=None, token=None, address=None):
        """The answer of the operation. Without a body, the document's example is sent, where there is one."""
        operation = self.document.operations[name]
        headers = dict(headers or {})
        kind, content = self.document.body(operation)
        if data is None and kind and body is ABSENT:
            body = content.get("example", ABSENT)
        if data is None and body is not ABSENT:
            data = json.dumps(body).encode()
        if data is not None and kind:
            headers.setdefault("Content-Type", kind)
        address = address or self.address(operation, ids or {}, query)
        answer = self.request(operation.method, address, data, headers, token)
        if answer.status == 429 and answer.headers.get("Retry-After"):  # a limit of this grid: once more when it allows
            self.check(operation, answer)
            wait_until("the limit of requests passes", lambda: True, pause=int(answer.headers["Retry-After"]))
            answer = self.request(operation.method, address, data, headers, token)
        self.check(operation, answer)
        return answer

    def follow(self, name, reference, **more):
        """Calls by an address that the grid gave, which is relative to its own."""
        parts = urllib.parse.urlsplit(reference)
        return self.call(name, address=parts.path + ("?" + parts.query if parts.query else ""), **more)

    # --- what the document says ---------------------------------------------------------------------------------------
    def check(self, operation, answer):
        where = f"{operation.name} ({operation.method} {operation.path}) answered {answer.status}"
        self.seen.add((operation.name, answer.status, answer.code))
        if not answer.headers.get("Request-Id"):
            self.faults.append(f"{where} without a Request-Id")
        replies = self.document.replies(operation)
        if answer.status not in replies and answer.status < 500:
            self.faults.append(f"{where} {answer.code}, which the document does not list: {answer!r}")
        if answer.status >= 400:
            self.check_problem(where, operation, answer)
        elif operation.method != "HEAD" and answer.status != 304:
            self.check_content(where, replies.get(answer.status, {}), answer)

    def check_content(self, where, content, answer):
        if not content and answer.body:
            self.faults.append(f"{where} with {len(answer.body)} bytes, where the document has none")
        if content and answer.kind not in content and "application/octet-stream" not in content:
            self.faults.append(f"{where} as {answer.kind!r}, the document says {', '.join(content)}")
        if answer.json is not None and answer.kind in content and "schema" in content[answer.kind]:
            self.faults += [f"{where}: {each}" for each in self.document.faults(content[answer.kind]["schema"], answer.json)]

    def check_problem(self, where, operation, answer):
        if operation.method == "HEAD":
            return
        if answer.kind != "application/problem+json":
            self.faults.append(f"{where} as {answer.kind!r}, which is no problem: {answer!r}")
            return
        problem = answer.json
        faults = self.document.faults({"$ref": "#/components/schemas/Problem"}, problem)
        self.faults += [f"{where} {answer.code}: {each}" for each in faults]
        if faults:
            return
        self.codes.add(problem["code"])
        for member, wanted in (("status", answer.status), ("request_id", answer.headers.get("Request-Id"))):
            if problem[member] != wanted:
                self.faults.append(f"{where}: {member} is {problem[member]!r}, the answer says {wanted!r}")
        if not problem["type"].endswith("/problems/" + problem["code"]):
            self.faults.append(f"{where}: type is {problem['type']}, its code {problem['code']}")
        if not problem["detail"] or not problem["title"]:
            self.faults.append(f"{where}: {problem['code']} has no words")
