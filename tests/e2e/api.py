#!/usr/bin/env python3
"""Replies of a real server have exactly the members and types of doc/openapi.yaml."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from api_document import Document  # noqa: E402
from grid import Grid  # noqa: E402
from programs import scenes  # noqa: E402
from tap import case, run, wait_until  # noqa: E402

# Only for holders of a signed URL, and the stream of events.
ELSEWHERE = {"/api/v1/files/jobs/{job_id}/inputs"}


class ApiGrid:
    def __init__(self, grid):
        self.grid, self.document = grid, Document()
        project = self.post("/api/v1/projects", {"name": "Film"})
        shot = self.post("/api/v1/projects/{project_id}/shots", {"sequence": "SQ010", "name": "SH020"},
                         project_id=project["id"])
        self.post("/api/v1/tokens", {"name": "a script", "scopes": ["jobs:read"]})
        slave = grid.add_slave()
        with open(os.path.join(scenes(), "plain.blend"), "rb") as file:
            scene = {"plain.blend": file.read()}
        status, job = grid.post_job(scene, "1-2", project_id=project["id"], shot_name="SQ010/SH020",
                                    parameters={"samples": 1, "percentage": 20})
        assert status == 201, job
        self.paused = grid.post_job(scene, "1", paused=True)[1]
        self.submitted = job
        grid.wait(job["id"])
        wait_until("the slave's machine is known",
                   lambda: grid.api("GET", f"/api/v1/slaves/{slave.id}")[1]["telemetry"], 90)
        assert self.grid.api("PUT", f"/api/v1/slaves/{slave.id}/blocks/jobs/{job['id']}")[0] == 201
        self.ids = {"job_id": job["id"], "submission_id": job["id"], "slave_id": slave.id, "project_id": project["id"], "shot_id": shot["id"],
                    "task_id": grid.tasks(job["id"])[0]["id"]}

    def path(self, pattern):
        """The path with ids of existing objects; None where there is none."""
        if not all(self.ids.get(name) for name in re.findall(r"\{(\w+)\}", pattern)):
            return None
        return re.sub(r"\{(\w+)\}", lambda found: str(self.ids[found[1]]), pattern)

    def post(self, pattern, body, **ids):
        status, answer = self.grid.api("POST", pattern.format(**ids), body)
        assert status in (200, 201), answer
        faults = self.document.faults(self.document.answers("POST")[pattern], answer)
        assert not faults, (pattern, faults)
        return answer


@case
def every_get_matches_its_schema(fixture):
    faults, asked = [], 0
    for pattern, schema in fixture.document.answers("GET").items():
        path = fixture.path(pattern)
        if path is None or pattern in ELSEWHERE:
            continue
        if pattern.endswith("/quote"):  # only for a job that has not ended
            path = pattern.format(job_id=fixture.paused["id"]) + "?millipoints=1"
        status, answer = fixture.grid.api("GET", path)
        if pattern.endswith("/log"):  # an accepted frame has none
            assert status == 404, answer
            continue
        assert status == 200, (path, answer)
        asked += 1
        faults += [f"{pattern} {each}" for each in fixture.document.faults(schema, answer)]
    assert asked > 30 and not faults, (asked, "\n".join(faults))


@case
def the_reply_to_a_submission_matches_its_schema(fixture):
    faults = fixture.document.faults(fixture.document.answers("POST")["/api/v1/submissions"], fixture.submitted)
    assert not faults, "\n".join(faults)


@case
def the_reply_to_a_check_matches_its_schema(fixture):
    path = "/api/v1/submissions/check"
    status, listed = fixture.grid.api("GET", f"/api/v1/jobs/{fixture.ids['job_id']}/inputs")
    assert status == 200, listed
    fixture.post(path, {"name": "again", "main_file": "plain.blend", "frames": "1-3", "files": listed["items"]})


@case
def missing_and_unknown_members_are_detected(fixture):
    schema = {"$ref": "#/components/schemas/Project"}
    assert not fixture.document.faults(schema, {"id": 1, "revision": 1, "name": "x", "job_count": 0})
    assert "'job_count' is a required property" in fixture.document.faults(schema, {"id": 1, "revision": 1, "name": "x"})[0]
    assert "'more'" in fixture.document.faults(schema, {"id": 1, "revision": 1, "name": "x", "job_count": 0, "more": 0})[0]
    assert fixture.document.faults(schema, {"id": 1, "revision": 1, "name": None, "job_count": 0})


class Fixture:
    def __init__(self):
        self.grid = Grid()

    def __enter__(self):
        return ApiGrid(self.grid.__enter__())

    def __exit__(self, *error):
        self.grid.__exit__(*error)


run(Fixture, lambda fixture: fixture.grid.evidence())
