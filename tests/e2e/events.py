#!/usr/bin/env python3
"""Server-sent events of a real server: who receives what, how a stream resumes, and when it ends."""
import contextlib
import http.client
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from programs import scenes  # noqa: E402
from tap import case, run, wait_until  # noqa: E402

SCENE = os.path.join(scenes(), "plain.blend")


class Stream:
    """An open stream; events as (id, name, data), collected by a thread."""

    def __init__(self, grid, query="", token=None, since=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", grid.http_port, timeout=120)
        headers = {"Authorization": "Bearer " + (token or grid.token)}
        if since:
            headers["Last-Event-ID"] = since
        self.connection.request("GET", "/api/v1/events" + query, headers=headers)
        self.answer = self.connection.getresponse()
        self.status, self.events, self.ended = self.answer.status, [], False
        if self.status == 200:
            assert self.answer.headers["Content-Type"].startswith("text/event-stream"), self.answer.headers
            self.thread = threading.Thread(target=self.read, daemon=True)
            self.thread.start()
        else:
            self.message = json.loads(self.answer.read())["detail"]

    def read(self):
        number = name = data = None
        with contextlib.suppress(OSError, ValueError, AttributeError, http.client.HTTPException):
            for line in self.answer:
                key, _, value = line.decode().rstrip("\n").partition(": ")
                if key == "id":
                    number = value
                elif key == "event":
                    name = value
                elif key == "data":
                    data = json.loads(value)
                elif not key and name:
                    self.events.append((number, name, data))
                    name = None
        self.ended = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.connection.sock.shutdown(2)
        self.connection.close()

    def named(self, name):
        return [data for _, each, data in self.events if each == name]

    def expect(self, name, matches=lambda data: True):
        return wait_until(f"a matching {name} event arrives",
                          lambda: [data for data in self.named(name) if matches(data)])[0]

    def last(self):
        return [number for number, _, _ in self.events if number][-1]


@contextlib.contextmanager
def fixture():
    with Grid({"limits.event_streams_per_user": 3, "limits.event_streams": 6}) as grid:
        grid.add_slave("attic")
        grid.other = grid.sign_up("ben")
        yield grid


@case
def a_frame_event_arrives_when_its_thumbnail_is_available(grid):
    with Stream(grid, "?slaves=true") as stream:
        stream.expect("hello")
        job = grid.submit(SCENE, "--frames", "1-2", "--name", "first")
        stream.expect("job", lambda data: data == {"id": job, "created": True})
        with Stream(grid, f"?job_id={job}") as watcher:
            frames = {}
            wait_until("both frame events arrive", lambda: [
                frames.update({item["id"]: item}) for data in watcher.named("frames") for item in data["items"]
                if item["state"] == "finished"] and len(frames) == 2)
            for number, event in frames.items():
                status, thumbnail = grid.api("GET", f"/api/v1/tasks/{number}/thumbnail?size=256")
                assert status == 200 and thumbnail, thumbnail
                task = next(each for each in grid.tasks(job) if each["id"] == number)
                assert all(task[key] == event[key] for key in event), (task, event)
        done = stream.expect("job", lambda data: data["id"] == job and data.get("state") == "finished")
        assert done["tasks"]["finished"] == 2 and done["tasks"]["rendering"] == 0, done
        assert not stream.named("frames"), "frame events are sent only to subscribers of their job"
        stream.expect("slave", lambda data: data["online"] and any(work["job_id"] == job for work in data["current_tasks"]))
        stream.expect("slave", lambda data: data["online"] and not data["current_tasks"])


@case
def events_are_published_only_to_those_who_may_see_them(grid):
    job = grid.submit(SCENE, "--frames", "1-4", "--paused", "--name", "mine")
    with Stream(grid, token=grid.other) as stranger, Stream(grid) as mine:
        stranger.expect("hello")
        mine.expect("hello")
        grid.api("PATCH", f"/api/v1/jobs/{job}", {"priority": 60})
        mine.expect("job", lambda data: data["id"] == job and data["priority"] == 60)
        status, other = grid.api("POST", "/api/v1/projects", {"name": "of ben"}, token=grid.other)
        assert status == 201, other
        assert not stranger.named("job"), stranger.events
    for query, status in ((f"?job_id={job}", 404), ("?owner=any", 403), ("?since=x&y=1", 400), ("?job_id=0", 400)):
        with Stream(grid, query, token=grid.other) as refused:
            assert refused.status == status, (query, refused.status, refused.message)
    assert grid.api("GET", "/api/v1/events", token="")[0] == 401


@case
def a_moderator_receives_events_of_all_users(grid):
    grid.api("POST", "/api/v1/slaves", {"name": "of ben"}, token=grid.other)
    with Stream(grid, "?owner=any&slaves=true") as stream:
        stream.expect("hello")
        slave = grid.api("POST", "/api/v1/slaves", {"name": "of ben, too"}, token=grid.other)[1]["id"]
        stream.expect("slave", lambda data: data == {"id": slave, "changed": True})


@case
def a_stream_resumes_after_the_last_event(grid):
    job = grid.submit(SCENE, "--frames", "1-4", "--paused", "--name", "cut")
    with Stream(grid) as stream:
        stream.expect("hello")
        grid.api("PATCH", f"/api/v1/jobs/{job}", {"priority": 11})
        stream.expect("job", lambda data: data.get("priority") == 11)
        last = stream.last()
    for priority in (12, 13):
        grid.api("PATCH", f"/api/v1/jobs/{job}", {"priority": priority})
    with Stream(grid, since=last) as stream:
        stream.expect("job", lambda data: data.get("priority") == 13)
        assert [data["priority"] for data in stream.named("job") if data["id"] == job] == [12, 13], stream.events
        assert stream.events[0][1] == "hello" and not stream.named("reset"), stream.events
    with Stream(grid, f"?since={last}") as stream:
        stream.expect("job", lambda data: data.get("priority") == 13)
    with Stream(grid, since="never-7") as stream:
        stream.expect("reset")


@case
def the_own_user_contains_the_last_event_id(grid):
    job = grid.submit(SCENE, "--frames", "1", "--paused", "--name", "begin")
    event = grid.api("GET", "/api/v1/sessions/current")[1]["last_event_id"]
    grid.api("PATCH", f"/api/v1/jobs/{job}", {"name": "told"})
    with Stream(grid, since=event) as stream:
        stream.expect("job", lambda data: data.get("name") == "told")
        assert not stream.named("reset"), stream.events


@case
def too_many_streams_are_rejected_with_retry_after(grid):
    with contextlib.ExitStack() as stack:
        for token in (grid.token, grid.other):
            for _ in range(3):
                stack.enter_context(Stream(grid, token=token)).expect("hello")
            with Stream(grid, token=token) as refused:
                assert refused.status == (429 if token == grid.token else 503), refused.message
                assert int(refused.answer.headers["Retry-After"]) > 0

    def connects():
        with Stream(grid) as stream:
            return stream.status == 200
    wait_until("a closed stream frees a place", connects)


@case
def the_stream_ends_with_its_login(grid):
    status, login = grid.api("POST", "/api/v1/sessions", {"name": "ben", "password": "correct horse battery"}, token="")
    assert status == 201, login
    with Stream(grid, token=grid.other) as stays, Stream(grid, token=login["token"]) as stream:
        stream.expect("hello")
        stays.expect("hello")
        assert grid.api("DELETE", "/api/v1/sessions/current", token=login["token"])[0] == 204
        wait_until("the stream has ended", lambda: stream.ended)
        assert stream.named("end"), stream.events
        assert not stays.ended


@case
def a_stopping_server_closes_streams_and_resets_them_after_the_start(grid):
    with Stream(grid) as stream:
        stream.expect("hello")
        grid.api("PATCH", "/api/v1/jobs/1", {"priority": 3})
        stream.expect("job", lambda data: data.get("priority") == 3)
        last = stream.last()
        grid.restart()
        wait_until("the stream has ended", lambda: stream.ended)
    with Stream(grid, since=last) as stream:
        stream.expect("reset")


if __name__ == "__main__":
    run(fixture, lambda grid: grid.evidence())
