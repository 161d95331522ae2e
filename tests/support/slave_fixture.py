"""One real slave, distren-slave or distren-simpleslave, and a fake server driven by the test; a new pair for each case.

    def a_sentence(server, slave): ...
    a_sentence.settings = {"max_orders": 2}    # members of distren-slave.toml; also .real = True, .missing = "why not here"
    run_cases(globals())                   # prints TAP; a case's name as argument runs only that one
Real programs, real sandbox where there is one; the renderer is a fake unless a case says .real.
"""
import inspect
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

from fake_server import PATIENCE, FakeServer
from programs import BUILD, SOURCE, sandbox_works

SANDBOX = sandbox_works()


class Slave:
    """A slave process with its folder; may be started and stopped repeatedly."""

    def __init__(self, server, real=False, **settings):
        self.folder = tempfile.mkdtemp(prefix="distren-slave-")
        self.server = server
        self.real = real
        methods = SOURCE + "/methods"
        if not real:
            methods = self.folder + "/methods"
            os.makedirs(methods)
            shutil.copy(SOURCE + "/methods/method.xsd", methods)
            shutil.copytree(SOURCE + "/methods/blender", methods + "/blender")
            os.makedirs(self.folder + "/program")
            shutil.copy(SOURCE + "/tests/support/fake_renderer.py", self.folder + "/program/renderer")
            os.chmod(self.folder + "/program/renderer", 0o755)
        values = {"server": "127.0.0.1", "port": server.port, "plain": True, "slavekey": "K1", "slavepassword": "s3cret",
                  "state": self.folder + "/state", "sandbox": "on" if SANDBOX else "off", "methods": methods,
                  "image_program": BUILD + "/distren-image", "threads": 2, **settings}
        with open(self.folder + "/slave.toml", "w") as file:
            for name, value in values.items():
                file.write("%s = %s\n" % (name, json.dumps(value)))
            if not real and "renderers.blender" not in settings:
                file.write("[programs]\nblender = %s\n" % json.dumps(self.folder + "/program/renderer"))
        self.process = None
        self.path = os.environ["PATH"]

    def start(self, *arguments):
        self.log = open(self.folder + "/log", "ab")
        self.process = subprocess.Popen([BUILD + "/distren-slave", "--config", self.folder + "/slave.toml", *arguments],
                                        stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
                                        env={**os.environ, "PATH": self.path})
        return self

    def signed_on(self, *arguments):
        """Its connection, when all of the fake renderer is tried; a real one may take minutes for that."""
        self.start(*arguments)
        line = self.server.next_line()
        while not self.real and len((line.announce["renderers"] or [{"engines": ()}])[0]["engines"]) < 3:
            line.announce = line.expect("announce")
        return line

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE)

    def output(self):
        try:
            with open(self.folder + "/log", errors="replace") as file:
                return file.read()
        except FileNotFoundError:  # it was never started
            return ""

    def outbox(self):
        try:
            return sorted(os.listdir(self.folder + "/state/outbox"))
        except FileNotFoundError:
            return []

    def wait_for_empty_outbox(self):
        until = time.monotonic() + PATIENCE
        while self.outbox():
            assert time.monotonic() < until, "the outbox still has %s" % self.outbox()
            time.sleep(0.01)

    def clear(self):
        if self.process and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def accept(line, result):
    line.send({"type": "verdict", "attempt": result["attempt"], "verdict": "accepted"})


def frame(server, line, attempt, behaviour, frame=1, **changes):
    """Sends one order, accepts and returns its result."""
    line.send(server.order(attempt, behaviour.encode(), frame, **changes))
    result = line.expect("result", attempt=attempt)
    accept(line, result)
    return result


def warnings(result):
    return [warning["message"] for warning in result.get("warnings", ())]


def started_as(result):
    return [w for w in warnings(result) if w.startswith("started as")]


def failed(server, slave, behaviour, code, *words, **changes):
    line = slave.signed_on()
    result = frame(server, line, 1, behaviour, **changes)
    assert (result["outcome"], result["code"]) == ("failed", code), result
    for word in words:
        assert word in result["message"], result
    slave.wait_for_empty_outbox()
    good = frame(server, line, 2, "good", job=2)
    assert good["outcome"] == "done", good
    return result


def command(slave, *words, status=0):
    done = subprocess.run([BUILD + "/distren-slave", *words, "--config", slave.folder + "/slave.toml"],
                          capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == status, done
    return json.loads(done.stdout) if status == 0 else done.stderr


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def make_scene(slave, script):
    path = slave.folder + "/scene.blend"
    made = subprocess.run(["blender", "--background", "--factory-startup", "--python-expr", script % path],
                          capture_output=True, timeout=PATIENCE)
    assert os.path.exists(path), made.stdout
    with open(path, "rb") as file:
        return file.read()


def run_cases(functions):
    tests = [f for f in functions.values()
             if inspect.isfunction(f) and list(inspect.signature(f).parameters) == ["server", "slave"]]
    wanted = sys.argv[1:]
    tests = [t for t in tests if not wanted or t.__name__ in wanted]
    print("1..%d" % len(tests))
    bad = 0
    for number, test in enumerate(tests, 1):
        missing = getattr(test, "missing", None)
        if missing:
            print("ok %d - %s # SKIP %s" % (number, test.__name__, missing))
            continue
        server = FakeServer()
        slave = Slave(server, real=getattr(test, "real", False), **getattr(test, "settings", {}))
        try:
            test(server, slave)
            print("ok %d - %s" % (number, test.__name__))
        except Exception:  # an empty queue is a failure like a wrong value
            bad += 1
            print("not ok %d - %s" % (number, test.__name__))
            for text in (traceback.format_exc() + slave.output()).splitlines():
                print("# " + text)
        finally:
            slave.clear()
        sys.stdout.flush()
    sys.exit(1 if bad else 0)
