"""How is the API used? ``/api/docs``: our own page made from the OpenAPI, no third party asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from broadsheet.web.render import render

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

router = APIRouter(include_in_schema=False)
_METHODS = ("get", "post", "put", "patch", "delete")


@router.get("/api/docs")
def docs(request: Request) -> Response:
    """Show every address of the API, its parameters and its answers."""
    schema = request.app.openapi()
    return render(
        request,
        "api_docs.html",
        groups=groups(schema),
        shapes=list(shapes(schema)),
    )


def groups(schema: Mapping[str, Any], /) -> dict[str, list[dict[str, Any]]]:
    """Return the operations of an OpenAPI document by their first tag, in its order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, item in schema["paths"].items():
        for method in _METHODS:
            if method in item:
                operation = item[method]
                tag = next(iter(operation.get("tags", [])), "other")
                found.setdefault(tag, []).append(_operation(method, path, operation))
    return found


def shapes(schema: Mapping[str, Any], /) -> Iterator[dict[str, Any]]:
    """Yield what the answers are made of: name, meaning, and fields with type and meaning."""
    for name, shape in schema["components"]["schemas"].items():
        fields = [
            {"name": key, "type": type_name(value), "text": value.get("description", "")}
            for key, value in shape.get("properties", {}).items()
        ]
        yield {
            "id": name,
            "name": shape.get("title", name),
            "text": shape.get("description", ""),
            "fields": fields,
            "values": shape.get("enum", []),
        }


def type_name(value: Mapping[str, Any], /) -> str:
    """Return a JSON Schema type in words: ``list of PaperOut``, ``integer or null``."""
    if "$ref" in value:
        return str(value["$ref"]).rpartition("/")[2]
    if choices := value.get("anyOf"):
        return " or ".join(type_name(choice) for choice in choices)
    if "enum" in value:
        return " or ".join(f"“{choice}”" for choice in value["enum"])
    if value.get("type") == "array":
        return f"list of {type_name(value.get('items', {}))}"
    kind = str(value.get("format") or value.get("type") or "any")
    bounds = (("minimum", "≥"), ("maximum", "≤"), ("maxLength", "length ≤"))
    limits = [f"{sign} {value[name]}" for name, sign in bounds if name in value]
    return f"{kind} ({', '.join(limits)})" if limits else kind


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "text": operation.get("description", ""),
        "parameters": [
            {
                "name": one["name"],
                "where": one["in"],
                "required": one.get("required", False),
                "type": type_name(one["schema"]),
                "default": one["schema"].get("default"),
                "text": one.get("description", ""),
            }
            for one in operation.get("parameters", [])
        ],
        "answers": [
            {"status": status, "text": one["description"], "type": _answer_type(one)}
            for status, one in operation["responses"].items()
        ],
    }


def _answer_type(answer: Mapping[str, Any]) -> str:
    content = answer.get("content", {}).get("application/json", {})
    return type_name(content["schema"]) if content.get("schema") else ""
