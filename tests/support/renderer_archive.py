"""Archives of renderers as a grid delivers them, and the key that signs them (openssl(1)); for tests only."""
import base64
import hashlib
import io
import os
import platform
import subprocess
import tarfile
import tempfile

PLATFORM = "linux-" + platform.machine()
PUBLIC_HEAD = bytes.fromhex("302a300506032b6570032100")  # of an Ed25519 key in DER


class GridKey:
    def __init__(self):
        self.pem = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, check=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubout", "-outform", "DER"], input=self.pem, capture_output=True,
                             check=True).stdout
        assert der.startswith(PUBLIC_HEAD) and len(der) == len(PUBLIC_HEAD) + 32, der
        self.public = base64.b64encode(der[len(PUBLIC_HEAD):]).decode()

    def sign(self, text):
        with tempfile.TemporaryDirectory() as folder:
            for name, data in (("key", self.pem), ("text", text.encode())):
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(data)
            done = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", folder + "/key", "-in",
                                   folder + "/text"], capture_output=True, check=True)
        return base64.b64encode(done.stdout).decode()


def packed(folder, below=None):
    """The folder as a tar; below: the name of the folder that all lies in."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz", compresslevel=1) as tar:
        for name in sorted(os.listdir(folder)):
            tar.add(os.path.join(folder, name), arcname=os.path.join(below, name) if below else name)
    return data.getvalue()


def packed_entries(*entries):
    """A tar of (name, bytes) or of tarfile.TarInfo."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for each in entries:
            if isinstance(each, tarfile.TarInfo):
                tar.addfile(each)
                continue
            info = tarfile.TarInfo(each[0])
            info.size, info.mode = len(each[1]), 0o755
            tar.addfile(info, io.BytesIO(each[1]))
    return data.getvalue()


class Delivered:
    """One build: what the message `renderers` and an order say of it."""

    def __init__(self, key, data, version, unpacked_bytes=1 << 30, method="blender", machine=PLATFORM, build=None):
        self.data = data
        self.item = {"method": method, "version": version, "build": build or hashlib.sha256(data).hexdigest(),
                     "size_bytes": len(data), "unpacked_bytes": unpacked_bytes, "platform": machine}
        self.build = self.item["build"]
        self.item["signature"] = key.sign("distren-renderer 1\n%(method)s\n%(version)s\n%(build)s\n%(size_bytes)d\n"
                                          "%(unpacked_bytes)d\n%(platform)s\n" % self.item)

    def order(self, url=None, **changes):
        archive = {name: self.item[name] for name in ("size_bytes", "unpacked_bytes", "platform", "signature")}
        return {"method": self.item["method"], "version": self.item["version"], "build": self.build,
                "archive": {"url": url or "/api/v1/files/blobs/" + self.build, **archive, **changes}}
