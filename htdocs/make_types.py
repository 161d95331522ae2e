#!/usr/bin/env python3
"""Writes src/api/routes.ts, the API's types for TypeScript, from doc/openapi.yaml. Run by hand after a change of the
API (needs python3-yaml); `--check` says whether the file is what it would write, for tests/style/web.sh.

What the server answers has all its members unless the description says "Absent" or "With"; what it is sent has those
that are required.
"""
import os
import sys

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(HERE, "src", "api", "routes.ts")
METHODS = ("get", "post", "put", "patch", "delete")
PLAIN = {"integer": "number", "number": "number", "boolean": "boolean", "string": "string"}


def name_of(reference):
    return reference.rsplit("/", 1)[1]


class Writer:
    def __init__(self, document):
        self.document = document
        self.lines = ["// Made by htdocs/make_types.py from doc/openapi.yaml; change that file, not this one.", ""]

    def resolve(self, thing):
        while "$ref" in thing:
            place = self.document
            for part in thing["$ref"].lstrip("#/").split("/"):
                place = place[part]
            thing = place
        return thing

    def type_of(self, schema, answer):
        if "$ref" in schema:
            return name_of(schema["$ref"])
        if "allOf" in schema:
            found = " & ".join(self.type_of(each, answer) for each in schema["allOf"])
        elif "oneOf" in schema:
            found = " | ".join(self.type_of(each, answer) for each in schema["oneOf"])
        elif "enum" in schema:
            found = " | ".join(repr(value) if isinstance(value, str) else str(value) for value in schema["enum"])
        elif schema.get("type") == "array":
            item = self.type_of(schema["items"], answer)
            found = f"({item})[]" if " | " in item or " & " in item else item + "[]"
        elif schema.get("type") == "object" or "properties" in schema:
            found = self.object_of(schema, answer)
        else:
            found = PLAIN.get(schema.get("type"), "unknown")
        return found + " | null" if schema.get("nullable") else found

    def object_of(self, schema, answer):
        properties = schema.get("properties")
        if not properties:
            extra = schema.get("additionalProperties")
            return f"Record<string, {self.type_of(extra, answer) if isinstance(extra, dict) else 'unknown'}>"
        if "additionalProperties" in schema and schema["additionalProperties"] is False:
            answer = False
        members = []
        for name, each in properties.items():
            if each == {"type": "array", "items": {}}:  # of List; who uses it says what of
                continue
            note = each.get("description", "")
            optional = note.startswith(("Absent", "With")) if answer else name not in schema.get("required", [])
            members.append(f"{name}{'?' if optional else ''}: {self.type_of(each, answer)}")
        return "{ " + "; ".join(members) + " }"

    def declare(self, name, schema, answer=True):
        self.lines.append(f"export type {name} = {self.type_of(schema, answer)};")

    def answer_of(self, operation):
        for status in ("200", "201"):
            reply = operation["responses"].get(status)
            if reply is None:
                continue
            content = self.resolve(reply).get("content", {}).get("application/json")
            if content is None:
                return "null"
            return name_of(reply["$ref"]) + "Answer" if "$ref" in reply else self.type_of(content["schema"], True)
        return "null"

    def query_of(self, item, operation):
        given = [self.resolve(each) for each in item.get("parameters", []) + operation.get("parameters", [])]
        members = [f"{each['name']}{'' if each.get('required') else '?'}: {self.type_of(each['schema'], False)}"
                   for each in given if each["in"] == "query"]
        return "{ " + "; ".join(members) + " }" if members else "Nothing"

    def body_of(self, operation):
        body = self.resolve(operation.get("requestBody", {}))
        schema = body.get("content", {}).get("application/json", {}).get("schema")
        return self.type_of(schema, False) if schema else "undefined"

    def write(self):
        components = self.document["components"]
        self.lines.append("export type Nothing = Record<string, never>;")
        for name, schema in components["schemas"].items():
            if name != "Error":
                self.declare(name, schema)
        for name, response in components["responses"].items():
            content = response.get("content", {}).get("application/json")
            if content and name_of(content["schema"].get("$ref", "/")) != "Error":
                self.declare(name + "Answer", content["schema"])
        self.lines += ["", "export interface Routes {"]
        for path, item in self.document["paths"].items():
            for method in METHODS:
                operation = item.get(method)
                if operation is None or "slave door" in operation.get("tags", []):
                    continue
                self.lines += [f"  '{method.upper()} {path}': {{", f"    query: {self.query_of(item, operation)};",
                               f"    body: {self.body_of(operation)};", f"    answer: {self.answer_of(operation)};",
                               "  };"]
        return "\n".join([*self.lines, "}", ""])


def main():
    with open(os.path.join(HERE, "..", "doc", "openapi.yaml"), encoding="utf-8") as file:
        text = Writer(yaml.safe_load(file)).write()
    if sys.argv[1:] == ["--check"]:
        with open(TARGET, encoding="utf-8") as file:
            if file.read() != text:
                sys.exit("src/api/routes.ts is older than doc/openapi.yaml; run htdocs/make_types.py")
        return
    with open(TARGET, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
