#!/usr/bin/env python3
"""Holds a grid to its API document and to doc/protocol.md, by its address alone.

usage: run.py https://grid.example:8443 [--line grid.example:4554] [--ca-file FILE] --name USER --password-file FILE
       run.py --own    against a grid of its own, which it starts

Signs in as USER, makes what it needs through the API and removes it again: an account, a project, jobs and a slave of its own. The
transactions of the ledger stay. Prints TAP. Needs python3-yaml and python3-jsonschema.
"""
import argparse
import contextlib
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
sys.dont_write_bytecode = True

import line_cases  # noqa: E402
import refusals  # noqa: E402
import steps  # noqa: E402
import tap  # noqa: E402
from api_document import Document, parse  # noqa: E402
from client import Client  # noqa: E402
from things import Things  # noqa: E402


class Suite:
    """What every case is given: the grid (target, which is also the suite), the client, the document and the things made."""

    def __init__(self, url, ca_file, line, name, password):
        self.url, self.ca_file, self.line, self.name, self.password = url.rstrip("/"), ca_file, line, name, password
        self.target, self.client, self.called = self, Client(url, ca_file), set()
        answer = self.client.request("GET", "/api/v1/openapi.yaml")
        if answer.status != 200:
            raise RuntimeError(f"{url} shows no document at /api/v1/openapi.yaml: {answer!r}")
        self.document = self.client.document = Document(parse(answer.body.decode()))
        self.things = Things(self)
        self.things.sign_in()

    def call(self, name, **more):
        return self.client.call(name, **more)

    def example_of(self, operation):
        """body= for a call, where the operation has one."""
        content = self.document.body(operation)[1]
        if "example" in content:
            return {"body": self.things.example(operation.name)}
        return {"data": b"x"} if content else {}

    def with_absent_ids(self, operation, query=None, **more):
        """Calls it for a thing that is not there, so that nothing is done should it not be refused."""
        absent = {"sha256": "0" * 64, "upload_id": "0" * 32, "name": "nothing", "kind": "job", "code": "not_found", "message": "hello"}
        ids = {name: absent.get(name, refusals.ABSENT_ID) for name in operation.path_parameters()}
        if "body" not in more and "data" not in more:
            more.update(self.example_of(operation))
        return self.client.call(operation.name, ids=ids, query=query, **more)


def sentence_of(name):
    return re.sub(r"(?=[A-Z])", "_", name).lower() + "_is_answered_as_described"


def checked(function, name):
    """The case, and no answer in it that the document does not describe."""
    def run(suite):
        before = len(suite.client.faults)
        try:
            function(suite)
        finally:
            faults = list(dict.fromkeys(suite.client.faults[before:]))
            if faults and sys.exc_info()[0] not in (None, tap.Skip):
                tap.comment("\n".join(faults[:20]))
        assert not faults, "\n".join(faults[:20])
    run.__name__ = name
    return run


def every_event_of_the_stream_has_a_type_and_data(suite):
    operation = suite.document.operations["streamEvents"]
    connection = suite.client.connect(30)
    connection.request("GET", suite.client.url.path + operation.path, headers={
        "Authorization": "Bearer " + suite.client.token, "Accept": "text/event-stream"})
    answer = connection.getresponse()
    suite.client.seen.add((operation.name, answer.status, ""))
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/event-stream"), answer.status
    block = []
    while (line := answer.readline().decode().rstrip("\n")) or not block:
        block += [line] if line and not line.startswith(":") else []
    connection.close()
    members = {line.partition(":")[0] for line in block}
    assert {"event", "data"} <= members, block


def every_example_of_an_answer_has_its_schema(suite):
    faults = []
    for operation in suite.document.operations.values():
        for status, content in suite.document.replies(operation).items():
            for kind, members in content.items():
                if "example" in members:
                    faults += [f"{operation.name} {status} {kind}: {each}"
                               for each in suite.document.faults(members["schema"], members["example"])]
    assert not faults, "\n".join(faults)


def every_operation_was_called(suite):
    """With success, but for those with a reason; prints what was never seen."""
    seen = {}
    for name, status, code in suite.client.seen:
        seen.setdefault(name, set()).add((status, code))
    unseen = []
    for name, operation in suite.document.operations.items():
        missing = sorted(set(suite.document.replies(operation)) - {status for status, _ in seen.get(name, ())})
        unseen += [f"{name} {', '.join(map(str, missing))}"] if missing else []
    tap.comment("answers of the document that were never seen:\n" + "\n".join("  " + each for each in unseen))
    codes = suite.document.resolve({"$ref": "#/components/schemas/Problem"})["properties"]["code"]["enum"]
    tap.comment("problems that were never seen: " + ", ".join(each for each in codes if each not in suite.client.codes))
    never = [name for name in suite.document.operations
             if not any(status < 400 for status, _ in seen.get(name, ())) and name not in steps.UNREACHABLE]
    skipped = {function.operation for function in steps.STEPS + steps.LAST} - suite.called
    for name in sorted(set(never) & skipped):
        tap.comment(f"{name} succeeded nowhere: its case says why it was skipped")
    never = [name for name in never if name not in skipped]
    assert not never, "never called with success: " + ", ".join(never)


def add_cases():
    def add(function, name):
        tap.CASES.append(checked(function, name))

    def noted(function):
        def run(suite):
            if function.operation not in suite.document.operations:
                suite.called.add(function.operation)
                raise tap.Skip("the document of this grid has no such operation")
            function(suite)
            suite.called.add(function.operation)
        return run
    for function in steps.STEPS:
        add(noted(function), sentence_of(function.operation))
    for function in (every_event_of_the_stream_has_a_type_and_data, every_example_of_an_answer_has_its_schema,
                     *refusals.CASES, *line_cases.CASES):
        add(function, function.__name__)
    for function in steps.LAST:
        add(noted(function), sentence_of(function.operation))
    add(every_operation_was_called, "every_operation_was_called")


@contextlib.contextmanager
def own_grid():
    from grid import Grid, SOURCE  # pylint: disable=import-outside-toplevel
    with Grid({"openapi": os.path.join(SOURCE, "doc", "openapi.yaml")}) as grid:
        suite = Suite(grid.url, grid.ca, f"localhost:{grid.line_port}", "admin", "correct horse battery")
        suite.evidence = lambda: "" if grid.alive() else grid.evidence()
        yield suite


@contextlib.contextmanager
def grid_at(options):
    with open(options.password_file, encoding="utf-8") as file:
        password = file.readline().rstrip("\n")
    suite = Suite(options.url, options.ca_file, options.line, options.name, password)
    try:
        yield suite
    finally:
        suite.client.call("deleteCurrentSession")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", nargs="?", help="where the grid answers")
    parser.add_argument("--own", action="store_true", help="start a grid for the suite")
    parser.add_argument("--line", help="HOST:PORT of the line; without it no case of the line is run")
    parser.add_argument("--ca-file", help="certificate that signed the grid's")
    parser.add_argument("--name", help="user name of an account")
    parser.add_argument("--password-file", help="file with its password")
    options = parser.parse_args()
    if not options.own and not (options.url and options.name and options.password_file):
        parser.error("it takes the URL of a grid, --name and --password-file; or --own")
    del sys.argv[1:]
    add_cases()
    tap.run(own_grid if options.own else lambda: grid_at(options),
            lambda suite: suite.evidence() if hasattr(suite, "evidence") else "")


main()
