"""Receivers of notifications in tests: an SMTP server and a webhook on loopback that keep what they receive.

    with MailSink() as mail: ... mail.port, mail.mails: [{"from", "to", "text"}...]; mail.answer = 451 refuses
    with HookSink() as hook: ... hook.port, hook.requests: [(headers, body)...]; hook.status = 500 refuses, hook.delay is
        how many seconds an answer takes, hook.answer its body
"""
import contextlib
import email
import email.policy
import http.server
import socketserver
import threading
import time


class Sink:
    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def port(self):
        return self.server.server_address[1]


class MailSink(Sink):
    def message(self, number):
        """A mail as the reader's mail program parses it."""
        return email.message_from_string(self.mails[number]["text"], policy=email.policy.default)

    def text(self, number):
        """Subject and text of a mail."""
        message = self.message(number)
        return message["Subject"] + "\n" + message.get_body().get_content()

    def __init__(self):
        self.mails, self.answer = [], 250
        sink = self

        class Session(socketserver.StreamRequestHandler):
            timeout = 60

            def reply(self, line):
                self.wfile.write(line.encode() + b"\r\n")

            def handle(self):
                self.reply("220 sink")
                mail = {"to": []}
                while line := self.rfile.readline():
                    word = line.decode().strip()
                    verb = word.upper().split(" ")[0].split(":")[0]
                    if verb in ("EHLO", "HELO"):
                        self.reply("250 sink")
                    elif verb == "MAIL":
                        mail["from"] = word.split("<")[1].split(">")[0]
                        self.reply("250 ok" if sink.answer == 250 else f"{sink.answer} no")
                    elif verb == "RCPT":
                        mail["to"].append(word.split("<")[1].split(">")[0])
                        self.reply("250 ok")
                    elif verb == "DATA":
                        self.reply("354 send the message")
                        lines = []
                        while (line := self.rfile.readline()) not in (b".\r\n", b""):
                            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
                        mail["text"] = b"".join(lines).decode()
                        sink.mails.append(mail)
                        self.reply("250 stored")
                    elif verb == "QUIT":
                        self.reply("221 bye")
                        return
                    else:
                        self.reply("502 unknown command")

        socketserver.ThreadingTCPServer.daemon_threads = True
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)


class HookSink(Sink):
    def __init__(self):
        self.requests, self.status, self.headers = [], 204, {}
        self.delay, self.answer = 0, b""
        sink = self

        class Hook(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                sink.requests.append((dict(self.headers.items()), body))
                time.sleep(sink.delay)
                self.send_response(sink.status)
                for name, value in sink.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(sink.answer)))
                self.end_headers()
                with contextlib.suppress(OSError):  # who asked reads no further
                    self.wfile.write(sink.answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
