#!/usr/bin/env python3
"""A web server with every fault that the HTTP client must survive, for tests only. Prints its port, serves loopback.

http_fixture.py [CERTIFICATE KEY]     with both it speaks TLS
Faults belong to the first part of the path and happen once or a few times, so that what follows can succeed.
"""
import base64
import hashlib
import http.server
import json
import re
import ssl
import sys
import threading

CONTENT = bytes((i * 7 + i // 251) % 256 for i in range(300_000))
uploads = {}  # id -> {"length", "data", "fault", "sha256"}
counts = {}  # path -> requests so far
lock = threading.Lock()


class HttpFixture(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def count(self):
        with lock:
            counts[self.path] = counts.get(self.path, 0) + 1
            return counts[self.path]

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status, body=b"", **headers):
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def cut(self):
        self.close_connection = True
        self.connection.close()

    def refuse(self, status, message, **headers):
        self.answer(status, {"code": "invalid_request", "detail": message}, **headers)

    # --- plain requests ---------------------------------------------------------------------------
    def do_GET(self):
        kind = self.path.split("?")[0].split("/")[1]
        number = self.count()
        if kind == "echo":
            self.answer(200, {"method": self.command, "path": self.path, "headers": dict(self.headers),
                              "body": self.body().decode(), "port": self.client_address[1]}, X_Mixed_Case=" padded ")
        elif kind == "status":
            self.body()
            self.answer(int(self.path.split("/")[2].split("?")[0]), b"<html>no JSON</html>", Retry_After="7")
        elif kind == "refusal":
            self.body()
            self.refuse(404, "there is no job 9\x1b[31m")
        elif kind == "redirect":
            self.answer(302, Location="/echo")
        elif kind == "headers":  # so many of a hundred bytes
            self.send_response(200)
            for _ in range(int(self.path.split("/")[2])):
                self.send_header("X-Much", "x" * 90)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif kind == "interim":  # no answer at all, again and again
            for _ in range(2000):
                self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: " + b"x" * 60 + b"\r\n\r\n")
            self.answer(200)
        elif kind == "big":
            self.answer(200, CONTENT)
        elif kind == "hangup":
            self.cut()
        elif kind == "slow":
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(b"x")
            self.rfile.read(1)  # until the client gives up
        elif kind == "count":
            with lock:
                self.answer(200, {"count": counts.get(self.path.removeprefix("/count"), 0)})
        elif kind == "upload-content":
            upload = uploads[self.path.split("/")[2]]
            self.answer(200, {"sha256": hashlib.sha256(upload["data"]).hexdigest(), "size": len(upload["data"]),
                              "largest": upload["largest"], "metadata": upload["metadata"],
                              "authorization": upload["authorization"]})
        else:
            self.file(kind, number)

    do_DELETE = do_GET

    def file(self, kind, number):
        start = 0
        range_ = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        if range_ and kind != "no-ranges":
            start = int(range_[1])
        if kind == "busy" and number <= 2:
            self.refuse(503, "busy", Retry_After="0")
            return
        if start >= len(CONTENT):
            self.answer(416, Content_Range=f"bytes */{len(CONTENT)}")
            return
        content = CONTENT
        if kind == "longer":
            content = CONTENT + b"more"
        piece = content[start:]
        if kind == "shorter":
            piece = piece[:1000]
        self.send_response(206 if start else 200)
        if start:
            shown = start + 5 if kind == "wrong-range" else start
            self.send_header("Content-Range", f"bytes {shown}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(piece)))
        self.end_headers()
        if (kind == "cut" and number <= 3) or kind == "always-cut":
            # Two different cuts: some bytes, then (for always-cut) none at all once half is there.
            half = max(0, len(CONTENT) // 2 - start) if kind == "always-cut" else 60_000
            self.wfile.write(piece[:half])
            self.wfile.flush()
            self.cut()
            return
        self.wfile.write(piece)

    # --- tus --------------------------------------------------------------------------------------
    def do_POST(self):
        parts = self.path.split("?")[0].split("/")
        if parts[1] != "tus":
            return self.do_GET()
        fault, number = parts[2], self.count()
        if fault == "busy" and number <= 2:
            self.body()
            return self.refuse(503, "busy", Retry_After="0")
        if fault == "denied":
            self.body()
            return self.refuse(403, "this signature has expired")
        data = b"" if fault == "cut-create" and number == 1 else self.body()
        if fault == "cut-create" and number == 1:
            return self.cut()
        if fault == "small-parts" and len(data) > 1000:
            return self.refuse(413, "a part may be 1000 bytes", Tus_Max_Part="1000")
        metadata = {k: base64.b64decode(v).decode() for k, v in
                    (item.split(" ") for item in self.headers["Upload-Metadata"].split(","))}
        name = f"{fault}-{number}-{len(uploads)}"
        upload = {"length": int(self.headers["Upload-Length"]), "data": b"", "fault": fault, "patches": 0, "largest": 0,
                  "metadata": metadata, "authorization": self.headers.get("Authorization")}
        with lock:
            uploads[name] = upload
        location = f"/upload/{name}"
        if fault == "elsewhere":
            location = f"http://127.0.0.2:9/upload/{name}"
        if fault == "no-create-with-upload":
            return self.answer(201, Location=location)
        upload["data"] = data
        upload["largest"] = len(data)
        if fault == "damaged":
            upload["data"] = b"?" + data[1:]
        if not self.digest_is_good(upload):
            return self.refuse(460, "checksum mismatch")
        self.answer(201, Location=location, Upload_Offset=str(len(data)), Tus_Max_Part="4194304")

    def digest_is_good(self, upload):
        return (len(upload["data"]) < upload["length"] or
                hashlib.sha256(upload["data"]).hexdigest() == upload["metadata"]["sha256"])

    def find_upload(self):
        return uploads.get(self.path.split("/")[2])

    def do_HEAD(self):
        if self.path.split("/")[1] != "upload":
            return self.do_GET()
        upload = self.find_upload()
        if not upload:
            return self.answer(404)
        self.answer(200, Upload_Offset=str(len(upload["data"])), Upload_Length=str(upload["length"]))

    def do_PATCH(self):
        upload = self.find_upload()
        if not upload:
            self.body()
            return self.answer(404)
        upload["patches"] += 1
        length = int(self.headers["Content-Length"])
        if int(self.headers["Upload-Offset"]) != len(upload["data"]):
            self.body()
            return self.refuse(409, "another offset")
        if upload["fault"] == "cut" and upload["patches"] in (1, 2):
            upload["data"] += self.rfile.read(length // 2)
            return self.cut()
        if upload["fault"] == "silent-loss" and upload["patches"] == 1:
            upload["data"] += self.body()  # all of it arrives, only the answer is lost
            return self.cut()
        data = self.body()
        upload["largest"] = max(upload["largest"], len(data))
        if upload["fault"] == "forget" and self.path.startswith("/upload/forget-1"):
            with lock:
                del uploads[self.path.split("/")[2]]
            return self.answer(404)
        if upload["fault"] == "forget-always":
            with lock:
                del uploads[self.path.split("/")[2]]
            return self.answer(404)
        if upload["fault"] == "stuck":
            return self.cut()
        upload["data"] += data
        if not self.digest_is_good(upload):
            return self.refuse(460, "checksum mismatch")
        self.answer(204, Upload_Offset=str(len(upload["data"])))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # cut connections are the purpose


server = Server(("127.0.0.1", 0), HttpFixture)
if len(sys.argv) == 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
