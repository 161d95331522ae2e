"""doc/openapi.yaml, or the text of another document, for tests: its operations, the schemas of JSON replies, and validation of
a reply. Members that the schema does not name are faults, too."""
import dataclasses
import os

import jsonschema
import yaml

from programs import SOURCE


def parse(text):
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def load():
    with open(os.path.join(SOURCE, "doc", "openapi.yaml"), encoding="utf-8") as file:
        return parse(file)


def closed(schema, part=False):
    """The schema without unnamed members."""
    if isinstance(schema, list):
        return [closed(each, part) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out = {name: closed(each, name == "allOf") if name in ("allOf", "oneOf", "items", "additionalProperties") else each
           for name, each in schema.items() if name not in ("example", "description")}
    if "properties" in schema:
        out["properties"] = {name: closed(each) for name, each in schema["properties"].items()}
    if not part and ("properties" in schema or "allOf" in schema) and "additionalProperties" not in schema:
        out["unevaluatedProperties"] = False
    return out


@dataclasses.dataclass
class Operation:
    """One operation: members as in the document, with the parameters of its path among its own."""
    name: str
    method: str
    path: str
    raw: dict
    parameters: list

    def path_parameters(self):
        return [each["name"] for each in self.parameters if each["in"] == "path"]

    def has(self, header):
        return any(each["in"] == "header" and each["name"] == header for each in self.parameters)

    def scope(self):
        """What a token needs for it; None where no login is asked for, or none has to be."""
        security = self.raw["security"]
        return security[0]["bearer"][0] if security and {} not in security and "bearer" in security[0] else None


class Document:
    def __init__(self, document=None):
        """Of a document that was read; without one, of doc/openapi.yaml."""
        self.document = load() if document is None else document
        schemas = {name: closed(each, part=name in ("List", "JobMembers", "Invitation"))
                   for name, each in self.document["components"]["schemas"].items()}
        self.root = {"components": {"schemas": schemas}}

        self.operations = {each.name: each for each in self._operations()}

    def _operations(self):
        for path, item in self.document["paths"].items():
            for method, raw in item.items():
                if method != "parameters":
                    parameters = [self.resolve(each) for each in item.get("parameters", []) + raw.get("parameters", [])]
                    yield Operation(raw["operationId"], method.upper(), path, raw, parameters)

    def resolve(self, value):
        """What a reference leads to; another value itself."""
        while "$ref" in value:
            _, *way = value["$ref"].split("/")
            value = self.document
            for each in way:
                value = value[each]
        return value

    def body(self, operation):
        """(content type, its members) of a request; (None, {}) where it has none."""
        content = self.resolve(operation.raw.get("requestBody", {})).get("content", {})
        return next(iter(content.items()), (None, {}))

    def replies(self, operation):
        """{status: {content type: members}}"""
        return {int(status): self.resolve(reply).get("content", {})
                for status, reply in operation.raw["responses"].items()}

    def answers(self, method):
        """{path: schema} of the routes that reply to this method with JSON."""
        found = {}
        for path, item in self.document["paths"].items():
            responses = item.get(method.lower(), {}).get("responses", {})
            reply = responses.get("200") or responses.get("201") or {}
            if "$ref" in reply:
                reply = self.document["components"]["responses"][reply["$ref"].rsplit("/", 1)[1]]
            content = reply.get("content", {}).get("application/json")
            if content:
                found[path] = content["schema"]
        return found

    def faults(self, schema, answer):
        """Violations of the schema, a line each."""
        validator = jsonschema.Draft202012Validator({**self.root, "allOf": [closed(schema)]})
        return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(answer)]
