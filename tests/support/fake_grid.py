#!/usr/bin/env python3
"""The HTTP API of a grid without a grid, for tests of the command line: everything in memory, frames "render" by being
looked at. Prints its port, serves loopback.

A job ends after three looks at it; a job whose name contains "fail" fails, one with "gap" loses its second frame, one
with "damage" sends a wrong byte once, one with "away" makes the server answer 503 for a while.
Everybody has 100 points at first. Of the first spending on a job called "lost" the answer is lost, called "busy" it is
a 503; both are carried out.
"""
import base64
import hashlib
import http.server
import json
import re
import threading

lock = threading.RLock()
state = {"invitations": [], "blocks": [], "email": None,
         "users": {}, "tokens": {}, "slaves": {}, "jobs": {}, "blobs": {}, "uploads": {}, "projects": {}, "next": 1,
         "damaged": set(), "away": 0, "available": 100000, "receipts": {}, "spoilt": set()}


def number():
    state["next"] += 1
    return state["next"]


class Refusal(Exception):
    def __init__(self, status, message):
        self.status, self.message = status, message


def frames_of(text):
    out = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d+)(?:-(\d+)(?:x(\d+))?)?", part)
        out += range(int(match[1]), int(match[2] or match[1]) + 1, int(match[3] or 1))
    return out


def content_of(job, frame):
    return f"frame {frame} of job {job['id']}".encode() * 1000


def shown(job):
    out = {k: v for k, v in job.items() if k not in ("frames", "looks", "files")}
    return out


def look_at(job):
    """A third of the frames is done at each look, like time passing."""
    if job["state"] == "active":
        job["looks"] += 1
        total = job["tasks"]["total"]
        done = min(job["looks"], 3) * total // 3
        job["tasks"].update(finished=done, rendering=min(1, total - done))
        job["progress"] = done / total
        if job["looks"] >= 3:
            job["state"], job["finished_at"] = "finished", "2026-01-05T10:01:00Z"
            if "fail" in job["name"]:
                job["tasks"].update(finished=total - 1, failed=1)
                job.update(state="failed", state_reason="frame 1 failed on 3 slaves")
    return shown(job)


shot = {"id": 4, "sequence": "SQ010", "name": "SH010", "state": "waiting", "job_count": 1, "latest_job": None}


class Grid(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=None, **headers):
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with lock:
            try:
                if state["away"] > 0:
                    state["away"] -= 1
                    raise Refusal(503, "the database is away")
                self.route(body)
            except Refusal as refusal:
                code = {401: "session_ended", 403: "forbidden", 404: "not_found", 409: "state_conflict", 503: "busy"}
                code = code.get(refusal.status, "invalid_request")
                self.answer(refusal.status, {"type": f"/problems/{code}", "status": refusal.status, "code": code,
                                             "detail": refusal.message}, Retry_After="0")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any

    def user(self):
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if token not in state["tokens"]:
            raise Refusal(401, "this login is not known here or has ended")
        return state["tokens"][token]

    def route(self, raw):
        path, _, query = self.path.partition("?")
        query = dict(item.split("=") for item in query.split("&") if item)
        parts = path.removeprefix("/api/v1/").split("/")
        body = {} if parts[0] == "uploads" else json.loads(raw or b"{}")
        handler = getattr(self, f"{self.command.lower()}_{parts[0]}", None)
        if not handler:
            raise Refusal(404, f"there is no {path}")
        handler(parts, query, raw if parts[0] == "uploads" else body)

    # --- people -----------------------------------------------------------------------------------
    def post_users(self, _, __, body):
        if body["name"] in state["users"]:
            raise Refusal(409, f"the name '{body['name']}' is taken")
        role = "user" if state["users"] else "administrator"
        state["users"][body["name"]] = (body["password"], role)
        self.post_sessions(_, __, body)

    def post_sessions(self, _, __, body):
        password, role = state["users"].get(body["name"], (None, None))
        if password != body["password"]:
            raise Refusal(401, "the name or the password is wrong")
        token = f"token{number()}"
        user = {"id": 1, "name": body["name"], "role": role}
        state["tokens"][token] = user
        self.answer(201, {"kind": "bearer", "user": user, "token": token, "csrf": None})

    def delete_sessions(self, parts, *_):
        self.user()
        if parts[1] != "current":
            return self.answer(204) if parts[1] == "5" else self.refuse_absent("session", parts[1])
        del state["tokens"][self.headers["Authorization"].removeprefix("Bearer ")]
        self.answer(204)

    def get_users(self, parts, query, _):
        user = self.user() | {"email": state.get("email"), "created_at": "2020-01-05T10:00:00Z", "job_count": 3, "slave_count": 1}
        if "name" in query:
            found = [{"id": 7, "name": query["name"]}] if query["name"] != "nobody" else []
            return self.answer(200, {"items": found, "next_cursor": None})
        self.answer(200, user)

    def right_password(self, body):
        name = self.user()["name"]
        if state["users"][name][0] != body.get("current_password"):
            raise Refusal(403, "current_password: it is not your password")
        return name

    def patch_users(self, _, __, body):
        self.right_password(body)
        state["email"] = body["email"]
        self.answer(200, self.user() | {"email": body["email"]})

    def put_users(self, _, __, body):
        name = self.right_password(body)
        state["users"][name] = (body["new_password"], state["users"][name][1])
        self.answer(204)

    def delete_users(self, *_):
        name = self.user()["name"]
        del state["users"][name]
        state["tokens"] = {token: user for token, user in state["tokens"].items() if user["name"] != name}
        self.answer(204)

    def get_sessions(self, *_):
        self.user()
        self.answer(200, {"items": [{"id": 5, "created_at": "2020-01-05T10:00:00Z", "last_seen_at": "2020-01-06T10:00:00Z",
                                     "expires_at": "2030-01-05T10:00:00Z", "address": "192.0.2.1", "user_agent": "distren/0.2.0",
                                     "is_current": True}], "next_cursor": None})

    def get_invitations(self, *_):
        self.user()
        self.answer(200, {"items": list(state["invitations"]), "next_cursor": None})

    def post_invitations(self, _, __, body):
        made = {"id": 1, "created_by": {"id": 1, "name": self.user()["name"]}, "note": body.get("note"), "used_by": None,
                "created_at": "2020-01-05T10:00:00Z", "expires_at": "2020-01-12T10:00:00Z", "used_at": None}
        state["invitations"].append(made)
        self.answer(201, made | {"secret": "come-in"})

    def delete_invitations(self, parts, *_):
        self.user()
        self.answer(204) if parts[1] == "1" else self.refuse_absent("invitation", parts[1])

    def get_grid(self, *_):
        self.answer(200, {"name": "distrend", "server_version": "0.1.0", "slaves": {"online": 1, "total": 2},
                          "jobs": {"active": 3}, "frames": {"ready": 12345, "assigned": 0, "rendering": 1, "checking": 0, "finished": 7}})

    def simple(self, kind, make):
        self.user()
        item = make(number())
        state[kind][item["id"]] = item
        return item

    def listed(self, kind, query):
        """Newest first, two to a page unless asked otherwise."""
        before = int(query.get("cursor", 1 << 60))
        items = sorted((i for i in state[kind].values() if i["id"] < before), key=lambda i: -i["id"])
        limit = int(query.get("limit", 2))
        more = len(items) > limit
        self.answer(200, {"items": [shown(i) for i in items[:limit]], "next_cursor": str(items[limit - 1]["id"]) if more else None})

    def get_tokens(self, _, query, __):
        self.user()
        self.answer(200, {"items": [{"id": 1, "name": "ci", "scopes": ["jobs:read", "jobs:write"], "created_at": "2020-01-05T10:00:00Z",
                                     "last_used_at": None, "expires_at": None}], "next_cursor": None})

    def post_tokens(self, _, __, body):
        user = self.user()
        secret = f"secret{number()}"
        state["tokens"][secret] = user
        self.answer(201, {"id": 1, "name": body["name"], "scopes": body["scopes"],
                          "expires_at": body.get("expires_at"), "secret": secret})

    def delete_tokens(self, parts, *_):
        self.user()
        self.answer(204) if parts[1] == "1" else self.refuse_absent("token", parts[1])

    def webhook(self, **more):
        return {"id": 1, "revision": 1, "url": "https://hook.example.org/x", "topics": ["job.finished"], "is_enabled": True,
                "disabled_reason": None, "failing_since": None, **more}

    def delivery(self, **more):
        return {"id": 9, "message_id": "msg_9", "event": "job.finished", "state": "given_up", "try_count": 7,
                "response_status": 500, "problem": "the receiver answered 500", "created_at": "2020-01-05T10:00:00Z", **more}

    def get_webhooks(self, parts, *_):
        self.user()
        item = self.delivery() if parts[2:] == ["deliveries"] else self.webhook()
        self.answer(200, {"items": [item], "next_cursor": None})

    def post_webhooks(self, parts, _, body):
        self.user()
        if len(parts) == 1:
            return self.answer(201, self.webhook(secret="whsec_new", **body))
        if parts[1] != "1":
            self.refuse_absent("webhook", parts[1])
        if parts[2] == "rotate":
            return self.answer(200, self.webhook(secret="whsec_other"))
        self.answer(202, self.delivery(state="waiting", event="webhook.test" if parts[2] == "test" else "job.finished"))

    def patch_webhooks(self, _, __, body):
        self.user()
        self.answer(200, self.webhook(**body))

    def delete_webhooks(self, parts, *_):
        self.user()
        self.answer(204) if parts[1] == "1" else self.refuse_absent("webhook", parts[1])

    def refuse_absent(self, kind, number_):
        raise Refusal(404, f"there is no {kind} {number_}")

    def get_projects(self, parts, query, _):
        self.user()
        self.answer(200, {"items": [shot], "next_cursor": None}) if parts[2:] == ["shots"] else self.listed("projects", query)

    def patch_shots(self, _, __, body):
        self.user()
        shot.update(body if body["state"] else {"state": "review"})
        self.answer(200, shot)

    def patch_projects(self, parts, _, body):
        self.user()
        project = state["projects"].get(int(parts[1])) or self.refuse_absent("project", parts[1])
        project.update(body)
        self.answer(200, project)

    def delete_projects(self, parts, *_):
        self.user()
        del state["projects"][int(parts[1])]
        self.answer(204)

    def post_projects(self, _, __, body):
        self.answer(201, self.simple("projects", lambda i: {"id": i, "name": body["name"]}))

    # --- slaves -----------------------------------------------------------------------------------
    def slave(self, parts):
        self.user()
        return state["slaves"].get(int(parts[1])) or self.refuse_absent("slave", parts[1])

    def get_slaves(self, parts, query, _):
        self.user()
        if parts[2:] == ["explain"]:
            return self.answer(200, {"rule": "nothing_to_do", "value": 0, "message": "no job has a frame waiting"})
        if parts[2:] == ["blocks"]:
            return self.answer(200, {"items": state["blocks"], "next_cursor": None})
        self.listed("slaves", query) if len(parts) == 1 else self.answer(200, self.slave(parts))

    def post_slaves(self, parts, _, body):
        if len(parts) == 3:
            slave = self.slave(parts)
            if parts[2] in ("enable", "disable"):
                slave["state"] = parts[2] + "d"
                return self.answer(200, slave)
            if parts[2] == "revoke":
                del state["slaves"][slave["id"]]
                return self.answer(200, slave | {"state": "revoked"})
            return self.answer(200, {"slavekey": slave["slavekey"], "slavepassword": "new-secret"})
        slave = self.simple("slaves", lambda i: {
            "id": i, "name": body["name"], "slavekey": f"K{i}", "state": "enabled", "online": False, "os": "Linux",
            "cpu_model": "EPYC", "cores": 8, "memory_mib": 16000, "software": None,
            "renderers": [{"method": "blender", "version": "3.4.1", "build": None, "device": None, "engines": [], "fetched": True,
                           "benchmark_power": 1.25, "power": 1.1, "benchmarked_at": "2026-01-05T10:00:00.000Z"}],
            "frames_finished": 3, "created_at": "2026-01-05T10:00:00Z", "last_seen_at": None,
            "owner": {"id": 1, "name": "anna"},
            "current_tasks": [{"job_id": 1, "task_id": 2, "frame": 5, "progress": 0.42}]})
        self.answer(201, {"id": slave["id"], "name": slave["name"], "slavekey": slave["slavekey"],
                          "slavepassword": "first-secret"})

    def put_slaves(self, parts, *_):
        self.slave(parts)
        block = {"kind": parts[3][:-1], "target": {"id": int(parts[4]), "name": None}}
        state["blocks"].append(block)
        self.answer(201, block)

    def delete_slaves(self, parts, *_):
        self.slave(parts)
        state["blocks"] = [each for each in state["blocks"] if [each["kind"] + "s", str(each["target"]["id"])] != parts[3:]]
        self.answer(204)

    def patch_slaves(self, parts, _, body):
        slave = self.slave(parts)
        slave.update(body)
        self.answer(200, slave)

    # --- points -----------------------------------------------------------------------------------
    def forecasts(self, job):
        if job["state"] != "active":
            return {"current": None, "boosted": None}
        return {"current": {"queue_position": 7, "boost_factor": 0, "estimated_finish_at": "2031-01-05T19:05:00.000Z"},
                "boosted": {"queue_position": 2, "boost_factor": 0.75,
                            "estimated_finish_at": "2031-01-05T14:20:00.000Z"}}

    def spend(self, line, millipoints, job=None, sign=-1):
        """Once for each key; spoilt answers are sent after the spending, as by a server that is killed then."""
        key = self.headers["Idempotency-Key"]
        receipt = state["receipts"].get(key)
        if not receipt:
            if millipoints > state["available"]:
                have = state["available"] / 1000
                raise Refusal(409, f"you have {have:g} points to spend, not {millipoints / 1000:g}")
            state["available"] += sign * millipoints
            receipt = {"id": number(), "created_at": "2020-01-05T10:00:00Z", "millipoints": millipoints, "frame": None,
                       "available_change_millipoints": sign * millipoints, "pending_change_millipoints": 0,
                       "job": None, "slave": None, "counterparty_name": None, "reason": None, **line}
            state["receipts"][key] = receipt
        trouble = job["name"] if job else ""
        if trouble in ("lost", "busy") and trouble not in state["spoilt"]:
            state["spoilt"].add(trouble)
            if trouble == "busy":
                raise Refusal(503, "the database is away")
            self.close_connection = True
            return
        self.answer(201, receipt)

    def get_transactions(self, _, query, __):
        self.user()
        before = int(query.get("cursor", 1 << 60))
        limit = int(query["limit"])
        lines = sorted((r for r in state["receipts"].values() if r["id"] < before), key=lambda r: -r["id"])
        self.answer(200, {"items": lines[:limit], "next_cursor": str(lines[limit - 1]["id"]) if len(lines) > limit else None})

    def get_points(self, *_):
        self.user()
        self.answer(200, {"available_millipoints": state["available"], "pending_millipoints": 12500,
                          "escrow_millipoints": 3000, "held_max_millipoints": 4250, "held_count": 2,
                          "total_millipoints": 1234567, "weight": 1.808})

    def post_adjustments(self, _, __, body):
        line = {"kind": "adjust", "counterparty_name": self.user()["name"], "reason": body["reason"]}
        self.spend(line, body["millipoints"], sign=1 if body.get("to") else -1)

    def post_transfers(self, _, __, body):
        user = self.user()
        if body["to"] == user["name"]:
            raise Refusal(400, "points given to yourself would only go round; name somebody else")
        self.spend({"kind": "give", "counterparty_name": body["to"], "reason": body.get("reason")}, body["millipoints"])

    def get_ranking(self, _, query, __):
        self.user()
        users = [{"rank": i, "user": {"id": i, "name": f"user{i}"}, "total_millipoints": 1000500 - i, "weight": 1.5}
                 for i in range(1, 4)]
        after = int(query.get("cursor", 0))
        self.answer(200, {"items": users[after:after + 2], "next_cursor": "2" if after == 0 else None})

    def get_statistics(self, _, query, __):
        self.user()
        steps = {"day": 24, "week": 168, "month": 720, "year": 365, "all": 520}[query["period"]]
        busy = query["owner"] == "any"
        level = {"mean": [None] * (steps - 2) + [1.25 * busy, 3.75 * busy], "max": [None] * (steps - 2) + [2, 4]}
        self.answer(200, {"owner": None if busy else {"id": 1, "name": "anna"}, "period": query["period"],
                          "step_ms": 3600000, "starts_at": "2026-01-01T00:00:00.000Z",
                          "series": {"frames_finished": [0] * (steps - 2) + [100 * busy, 20 * busy],
                                     "attempts_failed": [0] * (steps - 1) + [3 * busy],
                                     "earned_millipoints": [0] * (steps - 1) + [12500 * busy],
                                     "power_online": level, "frames_ready": level}})

    def operation(self, state_name):
        holds = not any(job["name"] == "broken" for job in state["jobs"].values())
        result = {"clean": holds, "invariants": [
            {"name": "all_balances_sum_to_0", "holds": holds, "detail": None if holds else "the balances sum to 1"},
            {"name": "every_transaction_sums_to_0", "holds": True, "detail": None}]}
        done = state_name == "succeeded"
        return {"id": 7, "kind": "ledger_check", "state": state_name, "job": None,
                "created_at": "2026-01-05T00:00:00.000Z", "finished_at": "2026-01-05T00:00:01.000Z" if done else None,
                "result": result if done else None, "problem": None}

    def post_admin(self, *_):
        self.user()
        self.answer(202, self.operation("queued"), Location="/api/v1/operations/7")

    def get_operations(self, *_):
        self.user()
        self.answer(200, self.operation("succeeded"))

    # --- files ------------------------------------------------------------------------------------
    def post_blobs(self, _, __, body):
        self.user()
        self.answer(200, {"missing": [digest for digest in body["sha256"] if digest not in state["blobs"]]})

    def post_uploads(self, _, __, raw):
        self.user()
        metadata = dict(item.split(" ") for item in self.headers["Upload-Metadata"].split(","))
        name = f"u{number()}"
        state["uploads"][name] = {"digest": base64.b64decode(metadata["sha256"]).decode(), "data": raw,
                                  "length": int(self.headers["Upload-Length"])}
        self.finish_upload(name, 201, Location=f"/api/v1/uploads/{name}")

    def patch_uploads(self, parts, _, raw):
        self.user()
        state["uploads"][parts[1]]["data"] += raw
        self.finish_upload(parts[1], 204)

    def finish_upload(self, name, status, **headers):
        upload = state["uploads"][name]
        if len(upload["data"]) == upload["length"]:
            if hashlib.sha256(upload["data"]).hexdigest() != upload["digest"]:
                raise Refusal(460, "checksum mismatch")
            state["blobs"][upload["digest"]] = upload["length"]
        self.answer(status, Upload_Offset=str(len(upload["data"])), **headers)

    # --- jobs -------------------------------------------------------------------------------------
    def post_jobs(self, parts, _, body):
        self.user()
        job = self.job(parts)
        if parts[2] == "boosts":
            return self.spend({"kind": "boost", "job": {"id": job["id"], "name": job["name"]}}, body["millipoints"], job)
        if parts[2] == "resume" and job["state"] != "paused":
            raise Refusal(409, f"job {job['id']} is {job['state']}, not paused")
        job["state"] = {"pause": "paused", "cancel": "cancelled"}.get(parts[2], "active")
        self.answer(200, shown(job))

    def post_submissions(self, _, __, body):
        user = self.user()
        for file in body["files"]:
            if file["sha256"] not in state["blobs"]:
                raise Refusal(400, f"the file '{file['path']}' was not uploaded")
        frames = frames_of(body["frames"])
        job = self.simple("jobs", lambda i: {
            "id": i, "name": body["name"], "owner": {"id": 1, "name": user["name"]},
            "project": body.get("project_id") and {"id": body["project_id"], "name": "film"},
            "renderer": {"method": body["method"], "version": "3.4.1", "build": None, "min_version": "3.4",
                         "wanted_version": None, "saved_version": "3.4", "engine": "CYCLES"},
            "state": "paused" if body.get("paused") else "active", "state_reason": None,
            "paused_by": "owner" if body.get("paused") else None, "warnings": [], "main_file": body["main_file"],
            "parameters": body["parameters"], "priority": body.get("priority", 50), "progress": 0.0,
            "findings": [{"code": "other", "severity": "warning", "message": "a soft warning", "subject": None,
                          "count": 1}],
            "tasks": {"total": len(frames), "ready": 0, "assigned": 0, "rendering": 0, "checking": 0, "finished": 0,
                      "failed": 0, "cancelled": 0},
            "created_at": "2026-01-05T10:00:00Z", "finished_at": None, "wait_reason": None, "queue_position": 3,
            "estimated_finish_at": "2031-01-05T19:05:00.000Z", "escrow_millipoints": 12500, "boost_factor": 0.25,
            "submitted_files": body["files"], "frames": frames, "looks": 0})
        if "away" in job["name"]:
            state["away"] = 6
        self.answer(201, shown(job))

    def job(self, parts):
        self.user()
        return state["jobs"].get(int(parts[1])) or self.refuse_absent("job", parts[1])

    def get_jobs(self, parts, query, _):
        if len(parts) == 1:
            self.user()
            return self.listed("jobs", query)
        job = self.job(parts)
        if len(parts) == 2:
            return self.answer(200, look_at(job))
        if parts[2] == "explain":
            return self.answer(200, {"rule": "users_ahead", "value": 2, "message": "2 users come first"})
        if parts[2] == "boosts":
            return self.answer(200, {"job_id": job["id"], "millipoints": int(query["millipoints"]),
                                     "available_millipoints": state["available"], "escrow_millipoints": 0,
                                     "remaining_millipoints": 60000, **self.forecasts(job)})
        frames = job["frames"][:job["tasks"]["finished"]]
        if "gap" in job["name"]:
            frames = [f for f in frames if f != job["frames"][1]]
        if parts[2] == "tasks":
            frames = job["frames"]
        frames = [f for f in frames if f > int(query.get("cursor", -1))]
        limit = min(int(query["limit"]), 2)  # short pages, so that paging is tested
        following = str(frames[limit - 1]) if len(frames) > limit else None
        self.answer(200, {"items": [self.frame(job, f, parts[2]) for f in frames[:limit]], "next_cursor": following})

    def frame(self, job, frame, kind):
        content = content_of(job, frame)
        file = {"name": f"{frame:04}.png", "size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
                "width": 640, "height": 360}
        if kind == "outputs":
            return file | {"frame": frame, "url": f"/api/v1/files/{job['id']}/{frame}?expires=9&signature=S"}
        done = frame in job["frames"][:job["tasks"]["finished"]]
        return {"id": 100 + frame, "frame": frame, "tile": None, "state": "finished" if done else "ready",
                "progress": None, "failure_count": 0, "slave": {"id": 1, "name": "attic"},
                "outputs": [file] if done else [], "wall_ms": 8100, "cpu_ms": 16000, "failure": None, "warnings": [],
                "finished_at": "2026-01-05T10:00:30.000Z" if done else None}

    def get_tasks(self, parts, *_):
        self.user()
        self.answer(200, {"text": f"rendering task {parts[1]}\n"})

    def get_files(self, parts, *_):
        job, frame = state["jobs"][int(parts[1])], int(parts[2])
        content = content_of(job, frame)
        if "damage" in job["name"] and self.path not in state["damaged"]:
            state["damaged"].add(self.path)
            content = b"?" + content[1:]
        self.answer(200, content)

    def patch_jobs(self, parts, _, body):
        job = self.job(parts)
        job.update(body)
        self.answer(200, shown(job))

    def delete_jobs(self, parts, *_):
        job = self.job(parts)
        if job["state"] in ("active", "paused"):
            raise Refusal(409, f"job {job['id']} is {job['state']}; cancel it first")
        del state["jobs"][job["id"]]
        self.answer(204)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Grid)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
