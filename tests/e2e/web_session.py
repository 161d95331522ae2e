#!/usr/bin/env python3
"""The web pages in a real browser with the real daemons: missing objects, the theme, a server restart, an expired
session, a path prefix, another user."""
import contextlib
import http.client
import http.server
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from tap import case, wait_until  # noqa: E402
from web_fixture import PASSWORD, fixture_with_job, run_pages  # noqa: E402


@contextlib.contextmanager
def below_a_prefix(grid, prefix):
    """A proxy that shows the grid below a path, as when several services share a host."""
    class Proxy(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            assert self.path.startswith(prefix), self.path
            server = http.client.HTTPConnection("127.0.0.1", grid.http_port)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            server.request(self.command, "/" + self.path[len(prefix):], body or None, headers)
            answer = server.getresponse()
            content = answer.read()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            server.close()

        do_POST = do_PATCH = do_GET

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_port}{prefix}"
        proxy.shutdown()


@case
def missing_pages_and_objects_are_reported(fixture):
    fixture.page.open(fixture.base + "#/jobs/999")
    fixture.page.see("You have no job 999")
    fixture.take("gone")
    fixture.page.open(fixture.base + "#/nowhere")
    fixture.page.see("Page not found")


@case
def the_chosen_theme_is_kept(fixture):
    page = fixture.page
    fixture.go("account", "anna")
    page.press("Dark")
    page.reload()
    page.heading("anna")
    ground = page.script("return getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(18, 21, 23)", ground
    page.press("System")


@case
def an_open_page_survives_a_server_restart(fixture):
    page, grid = fixture.page, fixture.grid
    fixture.go("jobs/1", "cube")
    assert grid.stop() == 0
    page.see("Can’t reach the server. Retrying automatically")
    page.heading("cube")  # what was there stays
    fixture.take("away")
    grid.start()
    page.see_not("Can’t reach the server")
    wait_until("the slave is online again", grid.slaves[0].online)


@case
def an_expired_session_opens_a_login_dialog(fixture):
    page, grid = fixture.page, fixture.grid
    grid.sql("DELETE FROM session")
    page.see("Your session has ended", seconds=120)  # what the server tells a page is looked through once a minute
    fixture.take("session-ended")
    page.heading("cube")
    page.fill("Name", "anna")
    page.fill("Password", "wrong")
    page.press("Log in", "dialog button")
    page.see("Name or password is wrong")
    page.fill("Password", PASSWORD)
    page.press("Log in", "dialog button")
    page.see_not("Your session has ended")
    assert page.address().endswith("#/jobs/1"), page.address()
    grid.token = grid.api("POST", "/api/v1/sessions", {"name": "anna", "password": PASSWORD}, token="")[1]["token"]


@case
def the_pages_work_below_a_path(fixture):
    page = fixture.page
    with below_a_prefix(fixture.grid, "/render/grid/") as address:
        page.open(address + "#/jobs/1")
        page.heading("cube")  # a login is for the host, whatever the port
        page.press("Edit")
        page.fill("Name", "cube below a path")
        page.press("Save")
        page.heading("cube below a path")
        wait_until("its images are shown", lambda: page.script(
            "return [...document.querySelectorAll('.frames img')].filter((e) => e.naturalWidth > 0).length") == 4)
        page.open("about:blank")


@case
def another_user_sees_none_of_it(fixture):
    page = fixture.page
    fixture.go("account", "anna")
    page.press("Log out")
    page.heading("Welcome")
    page.press("Create account")
    page.fill("Name", "ben")
    page.fill("Password", PASSWORD)
    page.press("Create account", "button.button-main")
    page.heading("ben")
    page.press("Jobs", "nav a")
    page.see("No jobs yet")
    assert "Admin" not in page.text()
    page.open(fixture.base + "#/admin")
    page.see("Page not found")
    page.open(fixture.base + "#/jobs/1")
    page.see("You have no job 1")


if __name__ == "__main__":
    run_pages(fixture_with_job)
