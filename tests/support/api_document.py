"""doc/openapi.yaml for tests: the schemas of JSON replies, and validation of a reply. Members that the schema does not
name are faults, too."""
import os

import jsonschema
import yaml

from programs import SOURCE


def load():
    with open(os.path.join(SOURCE, "doc", "openapi.yaml"), encoding="utf-8") as file:
        return yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


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


class Document:
    def __init__(self):
        self.document = load()
        schemas = {name: closed(each, part=name in ("List", "JobMembers"))
                   for name, each in self.document["components"]["schemas"].items()}
        self.root = {"components": {"schemas": schemas}}

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
