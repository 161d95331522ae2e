"""What a grid refuses, as the catalogue of problems names it: each refusal that a client can provoke, once. A case is a function
of the suite, named by a sentence."""
import json

from tap import Skip

ABSENT_ID = 2**53 - 1
CASES = []


def case(function):
    CASES.append(function)
    return function


def refused(answer, status, code):
    assert (answer.status, answer.code) == (status, code), answer
    return answer.json


def field(problem, code):
    return [(each["in"], each["at"]) for each in problem["errors"] if each["code"] == code]


def bodies(suite):
    """(operation, example, how to call it) of those with JSON bodies of members, for things that are there."""
    for each in suite.document.operations.values():
        kind, content = suite.document.body(each)
        if not kind or "json" not in kind or "example" not in content or each.name == "exchangeMessages":
            continue
        if allowed(suite, each) and all(name in suite.things.ids for name in each.path_parameters()):
            yield each, suite.things.example(each.name), {"ids": suite.things.ids, "headers": key_for(suite, each)}


def allowed(suite, operation):
    return operation.scope() != "grid:admin" or suite.things.administers


def key_for(suite, operation):
    """A fresh key, where one is taken."""
    key = {"Idempotency-Key": f"refused-{suite.things.seed}-{len(suite.client.seen)}-{operation.name}"[:64]}
    return key if operation.has("Idempotency-Key") else {}


# --- bodies ----------------------------------------------------------------------------------------------------------
@case
def a_doubled_member_is_refused(suite):
    """By each operation with a body; nothing is done that way."""
    for operation, example, how in bodies(suite):
        text = json.dumps(example)
        name = next(iter(example))
        data = (text[:-1] + f', {json.dumps(name)}: {json.dumps(example[name])}}}').encode()
        problem = refused(suite.call(operation.name, data=data, **how), 400, "malformed_json")
        assert name in problem["detail"] or field(problem, "duplicate"), problem


@case
def an_unknown_member_is_refused_and_named(suite):
    for operation, example, how in bodies(suite):
        if operation.name == "changeSettings":  # whose members are the names of settings
            continue
        problem = refused(suite.call(operation.name, body={**example, "of_the_future": 1}, **how), 400, "invalid_request")
        assert ("body", "/of_the_future") in field(problem, "unknown"), (operation.name, problem)


@case
def a_body_that_is_no_object_or_no_json_is_refused(suite):
    for data in (b"[]", b"7", b'"text"', b"null"):
        answer = suite.call("createProject", data=data)
        assert answer.status == 400 and answer.code in ("malformed_json", "invalid_request"), (data, answer)
    for data in (b"{", b"", b"{} {}", b"\xff\xfe", b'{"name": "x"', b'{"name": NaN}', b"[" * 33 + b"]" * 33,
                 b'{"name":' + b"[" * 40 + b"]" * 40 + b"}"):
        answer = suite.call("createProject", data=data)
        assert answer.status == 400, (data, answer)


@case
def an_integer_beyond_2_to_the_53rd_is_refused(suite):
    for text in (str(2**53), str(2**63), str(10**40), "1e400", "1.5", "-1"):
        answer = suite.call("changeJob", ids=suite.things.ids, data=b'{"shot_id": ' + text.encode() + b"}")
        assert answer.status == 400, (text, answer)
    for number in (2**53, 2**63, 10**30):
        answer = suite.call("showJob", ids={"job_id": number})
        assert answer.status in (400, 404), answer


@case
def an_empty_text_is_no_null(suite):
    problem = refused(suite.call("createToken", body={"name": "x", "scopes": ["jobs:read"], "expires_at": ""}), 400,
                      "invalid_request")
    assert [each["at"] for each in problem["errors"]] == ["/expires_at"], problem
    refused(suite.call("createProject", body={"name": ""}), 400, "invalid_request")


@case
def a_wrong_type_and_a_missing_member_are_named(suite):
    problem = refused(suite.call("createProject", body={"name": 7}), 400, "invalid_request")
    assert field(problem, "wrong_type") == [("body", "/name")], problem
    problem = refused(suite.call("createProject", body={}), 400, "invalid_request")
    assert field(problem, "missing") == [("body", "/name")], problem


@case
def another_content_type_is_refused_by_every_operation_with_a_body(suite):
    for operation, example, how in bodies(suite):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json-patch+json"):
            answer = suite.call(operation.name, data=json.dumps(example).encode(), ids=how["ids"],
                                headers={**how["headers"], "Content-Type": kind})
            assert answer.code == "unsupported_media_type", (operation.name, kind, answer)


@case
def a_body_that_is_too_large_is_refused(suite):
    answer = suite.client.request("POST", "/api/v1/projects", b"[" + b" " * (2 << 20) + b"]",
                                  {"Content-Type": "application/json"})
    suite.client.check(suite.document.operations["createProject"], answer)
    refused(answer, 413, "too_large")


# --- addresses, queries, methods -------------------------------------------------------------------------------------
@case
def an_unknown_query_parameter_is_refused_by_every_operation(suite):
    for operation in suite.document.operations.values():
        if operation.name in ("rejectOldSlave",) or not operation.path.startswith("/api/"):
            continue
        if not allowed(suite, operation):
            continue
        answer = suite.with_absent_ids(operation, query={"of_the_future": "1"}, headers=key_for(suite, operation))
        if operation.method == "HEAD":
            assert answer.status == 400, (operation.name, answer)
            continue
        problem = refused(answer, 400, "invalid_request")
        assert ("query", "of_the_future") in field(problem, "unknown"), (operation.name, problem)


@case
def a_method_that_an_address_has_not_is_refused_with_those_that_it_has(suite):
    methods = {}
    for operation in suite.document.operations.values():
        methods.setdefault(operation.path, set()).add(operation.method)
    for path, known in methods.items():
        address = path.replace("{", "").replace("}", "")
        answer = suite.client.request("PUT" if "PUT" not in known else "PATCH", address)
        refused(answer, 405, "method_not_allowed")
        allowed = set(answer.headers["Allow"].split(", "))
        assert known <= allowed, (path, known, allowed)


@case
def an_address_that_is_not_there_is_not_found(suite):
    for path in ("/api/v1/nothing", "/api/v2/jobs", "/api/v1/jobs/", "/api/v1/jobs/x", "/api/v1/jobs/-1", "/api/v1/jobs/01x",
                 "/api/v1/jobs/%00", "/api/v1//jobs"):
        answer = suite.client.request("GET", path)
        assert answer.status in (400, 404) and answer.code in ("not_found", "invalid_request"), (path, answer)


@case
def a_problem_has_a_page_at_its_type(suite):
    for code in sorted(suite.client.codes | {"internal_error"}):
        answer = suite.call("showProblem", ids={"code": code}, token="")
        assert answer.status == 200 and code.encode() in answer.body, (code, answer)
    refused(suite.call("showProblem", ids={"code": "of_the_future"}, token=""), 404, "not_found")


# --- lists -----------------------------------------------------------------------------------------------------------
def lists(document):
    for operation in document.operations.values():
        names = {each["name"] for each in operation.parameters}
        if {"limit", "cursor"} <= names:
            yield operation


@case
def nonsense_is_no_cursor_and_no_limit(suite):
    for operation in lists(suite.document):
        if not allowed(suite, operation):
            continue
        for cursor in ("nonsense", "AAAA", "%00", "x" * 41):
            answer = suite.call(operation.name, ids=suite.things.ids, query={"cursor": cursor})
            assert answer.status == 400, (operation.name, cursor, answer)
        for limit in ("0", "1001", "-1", "x", "", "1.5", str(2**64)):
            problem = refused(suite.call(operation.name, ids=suite.things.ids, query={"limit": limit}), 400, "invalid_request")
            assert problem["errors"][0]["at"] == "limit", problem


@case
def a_cursor_belongs_to_its_list(suite):
    job = suite.things.submit(frames="1", paused=True)
    page = suite.call("listJobs", query={"limit": 1}).json
    cursor = page["next_cursor"]
    assert cursor and [each["id"] for each in page["items"]] == [job], page
    rest = suite.call("listJobs", query={"limit": 1, "cursor": cursor})
    assert rest.status == 200 and rest.json["items"][0]["id"] != job, rest
    for operation in ("listTokens", "listSlaves", "listProjects", "listTransactions"):
        refused(suite.call(operation, query={"cursor": cursor}), 400, "cursor_invalid")
    refused(suite.call("listJobs", query={"cursor": cursor, "state": "active"}), 400, "cursor_invalid")
    suite.call("cancelJob", ids={"job_id": job})
    assert suite.call("deleteJob", ids={"job_id": job}).status in (202, 204)


# --- revisions and keys ----------------------------------------------------------------------------------------------
@case
def a_stale_revision_changes_nothing(suite):
    """By any operation that takes If-Match, of a thing that is there."""
    for operation in suite.document.operations.values():
        if not operation.has("If-Match") or not allowed(suite, operation):
            continue
        if any(name not in suite.things.ids for name in operation.path_parameters()):
            continue
        for value in ('"r999999999"', '"r0"'):
            answer = suite.call(operation.name, ids=suite.things.ids, headers={"If-Match": value},
                                **suite.example_of(operation))
            # RFC 9110, 13.2.2: what would be refused anyway may be refused for that
            assert answer.code in ("precondition_failed", "state_conflict"), (operation.name, value, answer)


@case
def an_if_match_without_a_meaning_is_refused(suite):
    for value in ('"bogus"', "bogus", '"r"', '"r-1"', '"r1', "r17", '""'):
        answer = suite.call("changeSlave", ids=suite.things.ids, body={"name": "no"}, headers={"If-Match": value})
        assert answer.status in (400, 412), (value, answer)


@case
def the_revision_that_was_seen_can_be_changed(suite):
    seen = suite.call("showSlave", ids=suite.things.ids).json
    answer = suite.call("changeSlave", ids=suite.things.ids, body={"name": seen["name"] + "x"},
                        headers={"If-Match": f'"r{seen["revision"]}"'})
    assert answer.status == 200 and answer.json["revision"] > seen["revision"], answer
    again = suite.call("changeSlave", ids=suite.things.ids, body={"name": seen["name"]},
                       headers={"If-Match": f'"r{seen["revision"]}"'})
    refused(again, 412, "precondition_failed")


@case
def a_key_makes_one_thing_and_is_of_one_request(suite):
    key = {"Idempotency-Key": "conformance-once-" + suite.things.seed}
    body = {"name": "Once " + suite.things.seed}
    first = suite.call("createProject", body=body, headers=key)
    again = suite.call("createProject", body=body, headers=key)
    assert (first.status, again.status) == (201, 201) and again.json["id"] == first.json["id"], again
    assert again.headers["Idempotency-Replayed"] == "true" and first.headers["Idempotency-Replayed"] is None, again.headers
    refused(suite.call("createProject", body={"name": "Twice"}, headers=key), 422, "idempotency_key_reused")
    for value in ("x" * 65, "with blank"):
        answer = suite.call("createProject", body={"name": "Never"}, headers={"Idempotency-Key": value})
        assert answer.status == 400, (value, answer)


@case
def what_spends_needs_a_key(suite):
    for operation in suite.document.operations.values():
        if any(each["name"] == "Idempotency-Key" and each.get("required") for each in operation.parameters):
            if not allowed(suite, operation):
                continue
            refused(suite.call(operation.name, ids=suite.things.ids, **suite.example_of(operation)), 400,
                    "idempotency_key_missing")


@case
def what_is_taken_or_not_in_this_state_is_a_conflict(suite):
    if suite.things.other_id:
        answer = suite.call("createUser", body={"name": suite.things.other, "password": "another password"}, token="")
        refused(answer, 409, "name_taken")
    body = suite.things.example("createSubmission", main_file="opening.blend",
                                files=[{"path": "opening.blend", "sha256": "0" * 64, "size_bytes": 4}])
    refused(suite.call("createSubmission", body=body), 409, "files_missing")


# --- files -----------------------------------------------------------------------------------------------------------
@case
def an_upload_is_refused_where_tus_says_so(suite):
    things = suite.things
    begun = things.upload(things.scene, 5)
    ids = {"upload_id": begun.headers["Location"].rsplit("/", 1)[1]}
    tus = {"Tus-Resumable": "1.0.0"}
    answer = suite.call("appendUpload", ids=ids, data=b"more", headers={**tus, "Upload-Offset": "9"})
    refused(answer, 409, "upload_offset_differs")
    answer = suite.call("appendUpload", ids=ids, data=b"more", headers={"Tus-Resumable": "0.2.2", "Upload-Offset": "5"})
    refused(answer, 412, "tus_version")
    answer = suite.call("appendUpload", ids=ids, data=b"more", headers={
        **tus, "Upload-Offset": "5", "Upload-Checksum": "sha256 " + "A" * 43 + "="})
    refused(answer, 460, "checksum_mismatch")
    answer = suite.call("appendUpload", ids=ids, data=b"more", headers={**tus, "Upload-Offset": "5", "Content-Type": "text/plain"})
    refused(answer, 415, "unsupported_media_type")
    assert suite.call("deleteUpload", ids=ids, headers=tus).status == 204


@case
def a_signed_address_that_was_changed_or_has_expired_is_refused(suite):
    if "fetchOutput" not in suite.things.address:
        raise Skip("no frame was rendered")
    address = suite.things.address["fetchOutput"]
    changed = address[:-1] + ("0" if address[-1] != "0" else "1")
    refused(suite.client.follow("fetchOutput", changed, token=""), 403, "link_invalid")
    beyond = suite.client.follow("fetchOutput", address, token="", headers={"Range": "bytes=99999999-"})
    refused(beyond, 416, "range_not_satisfiable")
    part = suite.client.follow("fetchOutput", address, token="", headers={"Range": "bytes=0-9"})
    assert part.status == 206 and len(part.body) == 10, part
    known = suite.client.follow("fetchOutput", address, token="", headers={"If-None-Match": part.headers["ETag"]})
    assert known.status == 304 and not known.body, known


# --- logins ----------------------------------------------------------------------------------------------------------
def guarded(document):
    return [each for each in document.operations.values() if each.scope() and each.method != "HEAD"]


@case
def no_operation_is_done_without_a_login(suite):
    for operation in guarded(suite.document):
        for token in ("", "ds_" + "0" * 40, "dt_" + "0" * 40, "nonsense"):
            answer = suite.with_absent_ids(operation, token=token, **suite.example_of(operation))
            assert answer.status == 401 and answer.code in ("unauthenticated", "session_ended"), (operation.name, token, answer)


@case
def no_operation_is_done_by_a_token_without_its_scope(suite):
    scopes = [each for each in suite.document.resolve({"$ref": "#/components/schemas/Scope"})["enum"] if each != "grid:admin"]
    for scope in sorted({each.scope() for each in guarded(suite.document)}):
        made = suite.call("createToken", body={"name": "without " + scope, "scopes": [each for each in scopes if each != scope]})
        assert made.status == 201, made
        for operation in guarded(suite.document):
            if operation.scope() == scope:
                answer = suite.with_absent_ids(operation, token=made.json["secret"], **suite.example_of(operation))
                problem = refused(answer, 403, "scope_missing")
                assert scope in problem["detail"], problem
        assert suite.call("revokeToken", ids={"token_id": made.json["id"]}).status == 204


@case
def what_is_not_there_is_not_found_by_any_operation(suite):
    for operation in guarded(suite.document):
        if not operation.path_parameters() or not allowed(suite, operation):
            continue
        needs_key = operation.has("Idempotency-Key")
        headers = {"Idempotency-Key": f"absent-{suite.things.seed}-{operation.name}"} if needs_key else {}
        query = {"millipoints": 1000} if operation.name == "quoteBoost" else None
        answer = suite.with_absent_ids(operation, headers=headers, query=query, **suite.example_of(operation))
        refused(answer, 404, "not_found")


@case
def what_belongs_to_somebody_else_is_not_found_either(suite):
    things = suite.things
    if not things.other_id:
        raise Skip("needs a second account, and registration is closed")
    login = suite.call("createSession", token="", body={"name": things.other, "password": things.other_password})
    assert login.status == 201, login
    for operation in guarded(suite.document):
        names = operation.path_parameters()
        if operation.name == "showUser" or operation.scope() == "grid:admin":  # anybody may see who somebody is
            continue
        if not names or any(name not in things.ids for name in names):
            continue
        headers = {"Idempotency-Key": f"other-{things.seed}-{operation.name}"} if operation.has("Idempotency-Key") else {}
        query = {"millipoints": 1000} if operation.name == "quoteBoost" else None
        ids = {**things.ids, "user_id": things.me["id"]}
        answer = suite.call(operation.name, ids=ids, headers=headers, query=query, token=login.json["token"],
                            **suite.example_of(operation))
        assert (answer.status, answer.code) == (404, "not_found"), (operation.name, answer)


@case
def a_wrong_password_reads_like_an_unknown_name(suite):
    problems = []
    for name in (suite.things.other, "nobody-" + suite.things.seed):
        answer = suite.call("createSession", body={"name": name, "password": "wrong password"}, token="")
        problem = dict(refused(answer, 401, "wrong_credentials"))
        problem.pop("request_id")
        problems.append(problem)
    assert problems[0] == problems[1], problems
