"""The things that the suite makes on a grid through its API, and examples of the document with their numbers in place of the
example's. Everything is removed again but the transactions of the ledger."""
import base64
import hashlib
import secrets
import time

from line_client import HttpsLine, image
from scene import scene
from tap import Skip

LONG_PATHS = [f"textures/{number:02}/" + "/".join(["x" * 200] * 4) + "/map.png" for number in range(64)]


def base64_of(text):
    return base64.b64encode(text.encode()).decode()


class Things:
    def __init__(self, target):
        self.target, self.client = target, target.client
        self.seed = secrets.token_hex(4)
        self.scene = scene(seed=self.seed)
        self.digest = hashlib.sha256(self.scene).hexdigest()
        self.me, self.ids, self.slave, self.order = None, {}, None, None
        self.other, self.other_password, self.other_id = "conformance-" + self.seed, secrets.token_urlsafe(12), None
        self.address = {}  # signed addresses, by the operation that answers there

    def sign_in(self):
        """By name and password; the session ends with the suite."""
        answer = self.client.call("createSession", body={"name": self.target.name, "password": self.target.password}, token="")
        if answer.status != 201:
            raise RuntimeError(f"'{self.target.name}' cannot log in at {self.target.url}: {answer!r}")
        self.client.token = answer.json["token"]
        self.me = self.client.call("showMe").json

    @property
    def administers(self):
        return self.me["role"] == "administrator"

    def files(self):
        paths = ["opening.blend"] + LONG_PATHS
        return [{"path": path, "sha256": self.digest, "size_bytes": len(self.scene)} for path in paths]

    def example(self, name, /, **changes):
        """The document's example of a request, for the things that there are; changes replace members."""
        _, content = self.client.document.body(self.client.document.operations[name])
        values = {"files": self.files(), "to": self.other, **changes}
        if name in ("createUser", "createSession"):
            values.update(name=self.other, password=self.other_password)
        body = dict(content["example"])
        for member in body:
            body[member] = values.get(member, body[member])
        if name == "createSlave":
            body["name"] += "-" + self.seed
        for message in body.get("messages", []):
            if message["type"] == "sign_on":
                message.update({each: self.slave[each] for each in ("slavekey", "slavepassword")})
        return {**body, **{member: value for member, value in changes.items() if member not in body}}

    def upload(self, content, part=None):
        """Begins an upload and sends its first bytes; the answer."""
        meta = f"sha256 {base64_of(hashlib.sha256(content).hexdigest())},filename {base64_of('opening.blend')}"
        return self.client.call("createUpload", data=content[:part],
                                headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(len(content)), "Upload-Metadata": meta})

    def submit(self, **members):
        self.upload(self.scene)
        answer = self.client.call("createSubmission", body=self.example("createSubmission", **members))
        assert answer.status == 201, answer
        return answer.json["id"]

    def needs_order(self):
        if not self.order:
            raise Skip("this grid gave the suite's slave no frame of its job")

    # --- rendering ----------------------------------------------------------------------------------------------------
    def hand_in(self, line, order, **changes):
        """Uploads an image and reports it; the verdict."""
        (attempt,) = order["attempts"]
        output = attempt["outputs"][0]
        content = image(output.get("width", 64), output.get("height", 36))
        meta = f"sha256 {base64_of(hashlib.sha256(content).hexdigest())},filename {base64_of(output['name'])}"
        answer = self.client.follow("createUpload", attempt["upload"]["url"], data=content, token="",
                                    headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(len(content)),
                                             "Upload-Metadata": meta})
        assert answer.status == 201, answer
        line.done(order, answer.headers["Location"].rsplit("/", 1)[1], content, **changes)
        return line.expect("verdict")

    def next_order(self, line, job, seconds=30):
        """The next order of this job; other work, as a benchmark, is given back."""
        until = time.monotonic() + seconds
        while True:
            order = line.expect("order", seconds=max(0.1, until - time.monotonic()))
            if order.get("job") == job:
                return order
            for attempt in order["attempts"]:
                line.send({"type": "result", "attempt": attempt["attempt"], "lease": attempt["lease"],
                           "outcome": "returned", "code": "volunteer_stopped", "message": "not what the suite is for"})

    def render(self, job, frames, fail_last=False):
        """Hands in so many frames of a job as a slave of the suite, over HTTPS; the last one as failed, perhaps."""
        with HttpsLine(self.target).welcome(self.slave).announce() as line:
            for number in range(frames):
                try:
                    order = self.next_order(line, job)
                except TimeoutError as error:
                    raise Skip(f"this grid gave the suite's slave no frame of its job: {error}") from error
                if fail_last and number == frames - 1:
                    (attempt,) = order["attempts"]
                    line.send({"type": "result", "attempt": attempt["attempt"], "lease": attempt["lease"],
                               "outcome": "failed", "code": "scene_error", "message": "the suite says so",
                               "log": "a line of the renderer\n"})
                    verdict = line.expect("verdict")
                else:
                    verdict = self.hand_in(line, order)
                    self.order = order
                assert verdict["verdict"] == "accepted", verdict
        assert not line.faults, line.faults
