#!/usr/bin/env python3
"""doc/openapi.yaml says what server/api/routes.cpp does: each operation has the name of its handler, the parameters that the
route knows, the answers that follow from what the route asks, and an example of its request. Names are given once."""
import os
import re
import sys

import yaml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from api_document import Document  # noqa: E402

os.chdir(os.environ.get("top_srcdir", "."))
number = failed = 0


def result(name, problems):
    global number, failed
    number += 1
    print(f"{'not ok' if problems else 'ok'} {number} - {name}")
    failed += bool(problems)
    for problem in problems[:20]:
        print("# " + problem)


def routes(text):
    """{(method, path): (operation, options, security)}, options as the text of the chained calls."""
    found = {}
    text = re.sub(r"\n\s+\.", ".", text)
    for method, path, needs, scope, handler, options in re.findall(
            r'Route\("(\w+)", "([^"]+)", (\w+), (\w+),\s+handle_(\w+)\)((?:\.\w+\([^()]*\))*)', text):
        first, *words = handler.split("_")
        security = None
        if needs in ("login", "optional_login"):
            security = [{"bearer": [scope.replace("_", ":")]}, {"cookie": []}] + [{}] * (needs == "optional_login")
        found[method.lower(), path] = first + "".join(word.capitalize() for word in words), options, security
    return found


def parameters(document, item, operation):
    """{(in, name)}"""
    named = document["components"]["parameters"]
    found = set()
    for each in item.get("parameters", []) + operation.get("parameters", []):
        each = named[each["$ref"].rsplit("/", 1)[1]] if "$ref" in each else each
        found.add((each["in"], each["name"]))
    return found


def faults(document, table):
    """(names, parameters, answers, scopes): problems of each kind."""
    names, unlike, missing, scopes = [], [], [], []
    changed = {path for (_, path), (_, options, _) in table.items() if "with_revision" in options}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            where = f"{method.upper()} {path}"
            wanted, options, security = table.get((method, path), ("", "", None))
            if operation.get("operationId") != wanted:
                names.append(f"{where} is {operation.get('operationId')}, its handler {wanted}")
            query = re.search(r'with_query\("([^"]*)"\)', options.replace('"\n', '"'))
            known = {("query", name) for name in (query[1].split() if query else [])}
            known |= {("path", name) for name in re.findall(r"\{(\w+)\*?\}", path)}
            if "with_revision" in options:
                known.add(("header", "If-Match"))
            if "once" in options or "only_with_key" in options:
                known.add(("header", "Idempotency-Key"))
            given = {each for each in parameters(document, item, operation)
                     if each[0] != "header" or each[1] in ("If-Match", "Idempotency-Key")}
            if given != known:
                unlike.append(f"{where}: the document has {sorted(given - known)} more and {sorted(known - given)} less")
            needs = ["400"] + ["429"] * path.startswith("/api/")
            if method == "get" and not re.search(r"\.live\(|secret\(", options) and path not in changed:
                needs.append("304")
            if "with_revision" in options:
                needs.append("412")
            if "once" in options or "only_with_key" in options:
                needs += ["409", "422"]
            if "requestBody" in operation and "with_bytes" not in options:
                needs += ["413", "415"]
            if security is not None:
                needs += ["401", "403"]
            missing += [f"{where} lists no {code}" for code in needs if code not in operation["responses"]]
            if security is not None and operation.get("security") != security:
                scopes.append(f"{where}: security is {operation.get('security')}, its route wants {security}")
    return names, unlike, missing, scopes


def example_faults(document):
    """Bodies of requests without an example, and examples of requests and answers that break their schemas."""
    found = []
    held = Document(document)
    for operation in held.operations.values():
        kind, content = held.body(operation)
        if kind and "json" in kind and "example" not in content:
            found.append(f"{operation.name} has no example of its request")
        answers = [members for reply in held.replies(operation).values() for members in reply.values()]
        for members in [content] + answers:
            if "example" in members:
                found += [f"{operation.name}: {each}" for each in held.faults(members["schema"], members["example"])]
    return found


with open("doc/openapi.yaml", encoding="utf-8") as file:
    text = file.read()
document = yaml.safe_load(text)
with open("server/api/routes.cpp", encoding="utf-8") as file:
    source = file.read()
table = routes(source)
names, unlike, missing, scopes = faults(document, table)
result("each_operation_has_the_name_of_its_handler", names)
result("each_operation_has_the_parameters_of_its_route", unlike)
result("each_operation_lists_the_answers_that_follow_from_its_route", missing)
result("each_operation_names_the_scope_of_its_route", scopes)
result("every_name_is_of_one_operation", sorted({name for name in (value[0] for value in table.values())
                                                 if [value[0] for value in table.values()].count(name) > 1}))
tags = {tag["name"] for tag in document["tags"] if tag.get("description")}
result("every_operation_has_one_described_tag", [
    f"{method.upper()} {path}" for path, item in document["paths"].items() for method, operation in item.items()
    if method != "parameters" and not (len(operation.get("tags", [])) == 1 and operation["tags"][0] in tags)])
result("every_request_has_an_example_and_every_example_its_schema", example_faults(document))
result("the_document_has_no_anchors", re.findall(r"^.*(?:: |- )[&*]\w+.*$", text, re.M))
# What these tests find, they would not find in a document that is right.
planted = yaml.safe_load(text)
operation = planted["paths"]["/api/v1/jobs"]["get"]  # which is live
operation.update(operationId="getJobs", parameters=[], responses={"401": {}, "403": {}, "429": {}}, security=[])
body = planted["paths"]["/api/v1/projects"]["post"]["requestBody"]["content"]["application/json"]
body["example"] = {"name": 7}
del planted["paths"]["/api/v1/slaves"]["post"]["requestBody"]["content"]["application/json"]["example"]
found = [len(each) for each in (*faults(planted, table), example_faults(planted))]
result("planted_faults_are_found", [] if found == [1, 1, 1, 1, 2] else [f"they are {found}"])
print(f"1..{number}")
sys.exit(1 if failed else 0)
