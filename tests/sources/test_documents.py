"""Objects of JSON files in every shape, whole, cut and broken."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadsheet.sources import _documents

if TYPE_CHECKING:
    from pathlib import Path

A, B, C = {"id": 1, "x": [1, {"y": '}]\\"'}]}, {"id": 22}, {"id": 3}


def read(path: Path, content: str | bytes) -> list[Any]:
    """Return the values of a file of this content; what is broken as its message."""
    path = path / "answer.json"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    values = [value for _, value, _ in _documents.read(path)]
    return [str(each) if isinstance(each, Exception) else each for each in values]


def text(value: Any, indent: int | None = None) -> str:
    """Return JSON."""
    return json.dumps(value, indent=indent)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(f"{text(A)}\n{text(B)}\n\n{text(C)}", [A, B, C], id="lines"),
        pytest.param(text(A, 2), [A], id="one, over lines"),
        pytest.param(text([A, B], 1), [A, B], id="array"),
        pytest.param("\ufeff" + text([A]), [A], id="mark"),
        pytest.param(text([A, None, 7, "x", []]), [A, None, 7, "x", []], id="array of all kinds"),
        pytest.param(text({"meta": {"results": 1}, "results": [A, B]}), [A, B], id="wrapped"),
        pytest.param(text({"items": [A], "next": "z"}), [A], id="more behind"),
        pytest.param(text({"m": 1, "message": {"f": {}, "items": [A, B]}}, 1), [A, B], id="deeper"),
        pytest.param(text({"status": "ok", "message": A}), [A], id="a single one"),
        pytest.param(text({"data": [A]}) + "\n" + text({"data": [B]}), [A, B], id="pages"),
        pytest.param("[]", [], id="empty array"),
        pytest.param(text({"results": []}), [], id="no results"),
        pytest.param(text({"results": None}), [{"results": None}], id="null for a list"),
        pytest.param(" \n ", [], id="blank"),
        pytest.param(
            '{"x": NaN, "y": 1e999, "z": "\\ud800\\u0000a"}',
            [{"x": None, "y": None, "z": "a"}],
            id="odd values",
        ),
    ],
)
def test_every_shape_gives_its_objects(tmp_path: Path, content: str, expected: list[Any]) -> None:
    """APIs wrap, exports do not, snapshots write lines; what is unsayable is gone."""
    assert read(tmp_path, content) == expected


def test_a_document_is_read_in_pieces(tmp_path: Path) -> None:
    """One array of any size: numbers and strings are whole at every place where a piece ends."""
    many = [{"id": number, "text": 'é\\"' * (number % 97)} for number in range(20_000)]
    content = text({"meta": {"count": len(many)}, "results": many}).encode()

    assert len(content) > 4 * 256 * 1024
    assert read(tmp_path, content) == many
    assert read(tmp_path, gzip.compress(content)) == many


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(
            f"{text(A)}\n{{bad}}\n{text(B)}\n",
            [A, f"character {len(text(A)) + 3}: here should be a name and a colon", B],
            id="a bad line",
        ),
        pytest.param(
            '{"id": 1\n{"id": 3}', ["character 10: here should be a name", C], id="an open line"
        ),
        pytest.param(
            f'[{text(A)},\n{{"x": "tab\n"}},\n{text(B)}\n]', [A, "breaks", B], id="in an array"
        ),
        pytest.param(f"[{text(A)}, {{", [A, "ends in its middle"], id="cut in an object"),
        pytest.param(f"[{text(A)},", [A, "ends in its middle"], id="cut between"),
        pytest.param('{"results": [{"a": "b', ["ends in its middle"], id="cut in a string"),
        pytest.param("hello", ["character 1: here should be a { or a ["], id="no JSON"),
        pytest.param('{"a" 1}', ["here should be a name and a colon"], id="no colon"),
        pytest.param("[" * 100_000, ["nested too deeply"], id="deep"),
    ],
)
def test_what_is_broken_is_said_and_passed_over(
    tmp_path: Path, content: str, expected: list[Any]
) -> None:
    """Reading goes on at the next line that begins an object."""
    found = read(tmp_path, content)

    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert other in one if isinstance(other, str) else one == other


def test_a_packed_file_cut_off(tmp_path: Path) -> None:
    """What was unpacked counts, and the damage is said once."""
    lines = "\n".join(text({"id": number, "x": "y" * (number % 50)}) for number in range(5000))

    found = read(tmp_path, gzip.compress(lines.encode())[:-300])

    assert found[0] == {"id": 0, "x": ""}
    assert "the compressed file ends in its middle" in found[-1]
    assert sum(isinstance(each, str) for each in found) == 1


def test_an_object_too_long_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded by the largest object that may be."""
    monkeypatch.setattr(_documents, "MAX_OBJECT", 10_000)

    found = read(tmp_path, text({"x": "y" * 2_000_000}) + "\n" + text(B))

    assert "the object is longer than" in found[0]
    assert found[-1] == B


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), values, max_size=3), max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_arrays_and_lines_give_what_was_written(
    tmp_path: Path, objects: list[dict[str, Any]]
) -> None:
    """Whatever the objects hold, both shapes give them back."""
    given_objects = json.loads(json.dumps(objects).replace("\\u0000", ""))

    assert read(tmp_path, text(given_objects)) == given_objects
    assert read(tmp_path, "\n".join(map(text, given_objects))) == given_objects


@given(st.text(alphabet='{}[]:,"\\n0e é', max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_breaks_the_reader(tmp_path: Path, noise: str) -> None:
    """An object on a line of its own is found, whatever stands before it, or the end is said."""
    found = read(tmp_path, f"{noise}\n{text(B)}\n")

    assert found
