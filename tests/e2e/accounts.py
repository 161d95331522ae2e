#!/usr/bin/env python3
"""Accounts on a real server: a lost password comes by mail, a deleted account takes its jobs and files along."""
import contextlib
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from notification_sinks import MailSink  # noqa: E402
from programs import SOURCE  # noqa: E402
from tap import case, run, wait_until  # noqa: E402

PASSWORD = "correct horse battery"  # as grid.sign_up has it
URL = "https://grid.example.org"


class Fixture:
    def __init__(self, grid, mail):
        self.grid, self.mail = grid, mail
        self.ben = grid.sign_up("ben")

    def api(self, *request):
        return self.grid.api(*request, token=self.ben)

    def next_mail(self):
        wait_until("the mail arrives", lambda: self.mail.mails)
        text = self.mail.text(0)
        self.mail.mails.clear()
        return text

    def log_in(self, password):
        return self.grid.api("POST", "/api/v1/sessions", {"name": "ben", "password": password}, token="")


def ended(operation):
    return operation if operation["state"] in ("succeeded", "failed") else None


@contextlib.contextmanager
def fixture():
    with MailSink() as mail, Grid({"mail.server": f"smtp://127.0.0.1:{mail.port}", "mail.from": "grid@example.org",
                                   "mail.tls": "off", "public_url": URL}) as grid:
        yield Fixture(grid, mail)


@case
def a_lost_password_comes_by_mail_to_a_confirmed_address_alone(fixture):
    ask = {"name": "ben"}
    change = {"email": "ben@example.org", "current_password": PASSWORD}
    assert fixture.api("PATCH", "/api/v1/users/me", change)[0] == 200
    assert fixture.grid.api("POST", "/api/v1/password-resets", ask, token="")[0] == 202  # not confirmed yet
    assert fixture.api("POST", "/api/v1/users/me/email/send-code")[0] == 204
    code = re.search(r"\b\d{8}\b", fixture.next_mail())[0]
    assert fixture.api("POST", "/api/v1/users/me/email/confirm", {"code": code})[0] == 200
    status, answer = fixture.grid.api("POST", "/api/v1/password-resets", {"email": "ben@example.org"}, token="")
    nobody = fixture.grid.api("POST", "/api/v1/password-resets", {"email": "nobody@example.org"}, token="")
    assert (status, answer) == nobody == (202, {"valid_for_ms": 3600000}), (answer, nobody)
    number, token = re.search(re.escape(URL) + r"/#/reset/(\d+)/(\S+)", fixture.next_mail()).groups()
    path, body = f"/api/v1/password-resets/{number}/confirm", {"token": token, "new_password": "a new one, then"}
    assert fixture.grid.api("POST", path, body | {"token": token[:-1]}, token="")[0] == 403
    assert fixture.grid.api("POST", path, body, token="")[0] == 204
    assert fixture.grid.api("POST", path, body, token="")[0] == 403
    assert fixture.api("GET", "/api/v1/users/me")[0] == 401
    assert fixture.log_in(PASSWORD)[0] == 401
    fixture.ben = fixture.log_in("a new one, then")[1]["token"]
    with open(fixture.grid.log, encoding="utf-8") as file:
        assert token not in file.read()


@case
def a_deleted_account_takes_its_jobs_and_files_along(fixture):
    grid = fixture.grid
    with open(os.path.join(SOURCE, "methods/blender/sample/distren-sample.blend"), "rb") as file:
        scene = {"scene.blend": file.read()}
    admin, grid.token = grid.token, fixture.ben
    project = grid.api("POST", "/api/v1/projects", {"name": "Film"})[1]["id"]
    jobs = [grid.post_job(scene, "1-3", project_id=project, shot_name="SQ/SH", paused=paused)[1]["id"]
            for paused in (True, False)]
    grid.token = admin
    assert all(os.path.isdir(os.path.join(grid.home, "stor", f"job{job}")) for job in jobs)
    assert fixture.api("DELETE", "/api/v1/users/me")[0] == 204
    assert fixture.api("GET", "/api/v1/users/me")[0] == 401
    for job in jobs:
        status, shown = grid.api("GET", f"/api/v1/jobs/{job}")
        assert status == 404 or shown["state"] == "cancelled", shown
    for job in jobs:
        wait_until("its jobs go", lambda: grid.api("GET", f"/api/v1/jobs/{job}")[0] == 404, 90)
        assert not os.path.exists(os.path.join(grid.home, "stor", f"job{job}"))
    assert "ben" not in str(grid.api("GET", "/api/v1/admin/audit-log")[1])
    status, check = grid.api("POST", "/api/v1/admin/ledger-checks")
    assert status == 202, check
    done = wait_until("the ledger is checked", lambda: ended(grid.api("GET", f"/api/v1/operations/{check['id']}")[1]))
    assert done["result"]["clean"], done
    wait_until("the project goes, too", lambda: grid.api("GET", f"/api/v1/projects/{project}")[0] == 404, 150)
    assert grid.sign_up("ben")


run(fixture, lambda fixture: fixture.grid.evidence())
