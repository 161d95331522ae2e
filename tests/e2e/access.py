#!/usr/bin/env python3
"""Who may do what, from where and how often, and what may be kept, as a real server answers over TLS: tokens, cookies, origins,
limits, conditional requests."""
import gzip
import http.client
import json
import os
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from programs import program  # noqa: E402
from tap import case, run  # noqa: E402

TOOL = "https://tool.example.org"


@case
def a_token_does_what_its_scopes_say_and_no_more(grid):
    token = grid.cli("token", "create", "watcher", "--scope", "jobs:read", check=0).stdout.strip()
    assert token.startswith("dt_"), token
    assert grid.api("GET", "/api/v1/jobs", token=token)[0] == 200
    for method, path, scope in (("POST", "/api/v1/projects", "jobs:write"), ("GET", "/api/v1/tokens", "account:read"),
                                ("GET", "/api/v1/methods", "grid:admin"), ("GET", "/api/v1/points/balance", "points:read")):
        status, problem = grid.api(method, path, {"name": "x"} if method == "POST" else None, token=token)
        assert (status, problem["code"]) == (403, "scope_missing") and f"'{scope}'" in problem["detail"], problem
    grid.cli("token", "create", "x", "--scope", "submit", check=2)


@case
def a_token_expires(grid):
    soon = (datetime.now(timezone.utc) + timedelta(seconds=2)).isoformat()
    status, made = grid.api("POST", "/api/v1/tokens", {"name": "soon", "scopes": ["jobs:read"], "expires_at": soon})
    assert status == 201 and made["expires_at"].endswith("Z"), made
    assert grid.api("GET", "/api/v1/jobs", token=made["secret"])[0] == 200
    time.sleep(2.5)
    status, problem = grid.api("GET", "/api/v1/jobs", token=made["secret"])
    assert (status, problem["code"]) == (401, "session_ended") and "expired" in problem["detail"], problem
    assert "expired" in grid.cli("tokens", check=0).stdout


@case
def the_cookie_over_tls_has_the_prefix_that_no_other_host_can_set(grid):
    login = {"name": "admin", "password": "correct horse battery", "kind": "cookie"}
    status, body, _, headers = grid.http("POST", "/api/v1/sessions", login, token="")
    cookie = headers["Set-Cookie"]
    answer, secret = json.loads(body), cookie.split(";")[0].partition("=")[2]
    assert status == 201 and answer["kind"] == "cookie" and not answer.get("token"), status
    assert cookie.startswith("__Host-distren_session=ds_") and "; Secure" in cookie and "Domain" not in cookie, "wrong cookie"
    assert headers["Cache-Control"] == "no-store" and headers["Content-Encoding"] is None, headers
    plain = grid.http("POST", f"http://127.0.0.1:{grid.http_port}/api/v1/sessions", login, token="")[3]
    assert plain["Set-Cookie"].startswith("distren_session=") and "Secure" not in plain["Set-Cookie"], "wrong cookie"
    for name, expected in (("__Host-distren_session", 200), ("distren_session", 401)):
        assert grid.api("GET", "/api/v1/users/me", token="", headers={"Cookie": f"{name}={secret}"})[0] == expected, name


@case
def a_page_of_a_listed_origin_uses_the_api_with_a_bearer_token(grid):
    asks = {"Origin": TOOL, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization",
            "Sec-Fetch-Site": "cross-site"}
    for path in ("/api/v1/jobs", "/api/v1/jobs/1", "/api/v1/uploads", "/api/v1/events", "/api/v1/line"):
        status, _, _, headers = grid.http("OPTIONS", path, token="", headers=asks)
        assert status == 204 and headers["Access-Control-Allow-Origin"] == TOOL, (path, status, headers)
        assert "Authorization" in headers["Access-Control-Allow-Headers"], headers
        assert headers["Access-Control-Allow-Credentials"] is None, headers
    status, _, _, headers = grid.http("POST", "/api/v1/projects", {"name": "From afar"},
                                      headers={"Origin": TOOL, "Sec-Fetch-Site": "cross-site"})
    assert status == 201 and headers["Access-Control-Allow-Origin"] == TOOL, (status, headers)
    assert {"Location", "ETag", "Request-Id", "Retry-After"} <= set(headers["Access-Control-Expose-Headers"].split(", "))
    for more in ({"Origin": "https://evil.example.org"}, {"Origin": TOOL, "Cookie": "distren_session=x"}, {"Origin": "null"}):
        status, _, _, headers = grid.http("GET", "/api/v1/jobs", headers=more)
        assert headers["Access-Control-Allow-Origin"] is None and "Origin" in headers.get_all("Vary"), (more, headers)


@case
def a_setting_that_would_open_the_api_to_any_page_is_refused(grid):
    for origin, why in (("*", "name each origin"), ("null", "name each origin"), (TOOL + "/app", "no path"),
                        ("https://Tool.example.org", "lower case")):
        path = os.path.join(grid.folder, "bad.toml")
        with open(grid.config, encoding="utf-8") as good, open(path, "w", encoding="utf-8") as bad:
            bad.write(f'cors_origins = ["{origin}"]\n')
            bad.writelines(line for line in good if not line.startswith("cors_origins"))
        done = subprocess.run([program("distrend"), "--check", "--config", path], capture_output=True, text=True)
        assert done.returncode != 0 and "cors_origins" in done.stderr and why in done.stderr, done.stderr


@case
def a_user_who_asks_too_much_is_told_when_to_come_back(grid):
    greedy = grid.sign_up("greedy")
    assert grid.api("PATCH", "/api/v1/admin/settings", {"limits.user_requests_per_second": 19})[0] == 400
    assert grid.api("PATCH", "/api/v1/admin/settings", {"limits.user_requests_per_second": 20})[0] == 200
    connection = http.client.HTTPConnection("127.0.0.1", grid.http_port)
    for _ in range(5000):
        connection.request("GET", "/api/v1/jobs", headers={"Authorization": "Bearer " + greedy, "Origin": TOOL})
        answer = connection.getresponse()
        status, body, headers = answer.status, answer.read(), answer.headers
        if status != 200:
            break
    connection.close()
    assert status == 429 and json.loads(body)["code"] == "rate_limited", (status, body)
    assert int(headers["Retry-After"]) >= 1 and headers["RateLimit-Policy"] == '"user";q=200;w=10', headers
    assert headers["RateLimit"].startswith('"user";r=0;t='), headers
    assert headers["Access-Control-Allow-Origin"] == TOOL, headers
    assert grid.api("GET", "/api/v1/jobs")[0] == 200, "another user has to wait"
    assert grid.api("PATCH", "/api/v1/admin/settings", {"limits.user_requests_per_second": None})[0] == 200
    assert grid.api("GET", "/api/v1/jobs", token=greedy)[0] == 200, "the old limit holds"


@case
def what_has_not_changed_is_not_sent_again(grid):
    grid.api("POST", "/api/v1/projects", {"name": "One"})
    status, body, _, headers = grid.http("GET", "/api/v1/projects")
    assert status == 200 and headers["Cache-Control"] == "private, no-cache", headers
    status, again, _, same = grid.http("GET", "/api/v1/projects", headers={"If-None-Match": headers["ETag"]})
    assert (status, again) == (304, b"") and same["ETag"] == headers["ETag"], (status, same)
    grid.api("POST", "/api/v1/projects", {"name": "Two"})
    assert grid.http("GET", "/api/v1/projects", headers={"If-None-Match": headers["ETag"]})[0] == 200
    assert grid.http("GET", "/api/v1/sessions/current")[3]["Cache-Control"] == "no-store"


@case
def the_pages_are_sent_compressed(grid):
    for name in ("", "app.js", "app.css"):
        status, plain, _, headers = grid.http("GET", f"/{name}", token="")
        assert status == 200 and headers["Vary"] == "Accept-Encoding", (name, status, headers)
        status, packed, kind, small = grid.http("GET", f"/{name}", token="", headers={"Accept-Encoding": "gzip"})
        assert small["Content-Encoding"] == "gzip" and gzip.decompress(packed) == plain, (name, small)
        assert kind == headers["Content-Type"] and small["ETag"] != headers["ETag"], (name, kind)
        status = grid.http("GET", f"/{name}", token="", headers={"Accept-Encoding": "gzip", "If-None-Match": small["ETag"]})[0]
        assert status == 304, (name, status)


run(lambda: Grid({"cors_origins": [TOOL]}), lambda grid: grid.evidence())
