"""Statements for a Turso database over HTTP (Hrana's /v2/pipeline), with Python's standard library only."""

import base64
import json
import urllib.request


def to_value(value):
    if value is None:
        return {"type": "null"}
    if isinstance(value, int):
        return {"type": "integer", "value": str(value)}
    if isinstance(value, float):
        return {"type": "float", "value": value}
    if isinstance(value, bytes):
        return {"type": "blob", "base64": base64.b64encode(value).decode()}
    return {"type": "text", "value": value}


def from_value(value):
    kind = value["type"]
    if kind == "null":
        return None
    if kind == "integer":
        return int(value["value"])
    if kind == "blob":
        return base64.b64decode(value["base64"] + "=" * (-len(value["base64"]) % 4))
    return value["value"]


def run(url, statements):
    """Runs statements, each (SQL, arguments), in one request; the rows of each."""
    requests = [{"type": "execute", "stmt": {"sql": sql, "args": [to_value(value) for value in arguments]}} for sql, arguments in statements]
    body = json.dumps({"requests": requests}).encode()
    request = urllib.request.Request(url + "/v2/pipeline", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=600) as response:
        results = json.load(response)["results"]
    for (sql, _), result in zip(statements, results):
        if result["type"] != "ok":
            raise RuntimeError(f"{sql[:80]}: {result['error']['message']}")
    return [[tuple(from_value(value) for value in row) for row in result["response"]["result"]["rows"]] for result in results[: len(statements)]]
