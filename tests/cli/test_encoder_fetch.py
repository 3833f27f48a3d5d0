"""``broadsheet encoder fetch``: from the name of a model to one that the setting takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typer.testing import CliRunner

from broadsheet.cli.app import app
from broadsheet.config import Settings
from broadsheet.eval.retrieval import temporary_settings
from broadsheet.index.encoder import open_encoder
from tests import support_onnx as tiny
from tests.servers.hub import COMMIT, hub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typer.testing import Result

    from tests.servers.hub import Hub

CLS = {"pooling_mode_cls_token": True, "word_embedding_dimension": tiny.DIM}


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with a model in ONNX and one without; the settings lead there."""
    monkeypatch.setattr("broadsheet.sources._http.DEFAULT_INTERVAL_S", 0.0)
    folder = tiny.write_model(tmp_path / "e5-tiny", tiny.bert(), pooling=CLS, config={})
    (folder / "model.safetensors").write_bytes(b"not needed")
    with hub() as made:
        made.add("ada/e5-tiny", folder)
        made.files["ada/torch"] = {"model.safetensors": b"x", "config.json": b"{}"}
        made.files["ada/mute"] = {"onnx/model.onnx": b"x"}
        made.files["ada/broken"] = made.files["ada/e5-tiny"] | {"onnx/model.onnx": b"no model"}
        monkeypatch.setenv("BROADSHEET_HUB_URL", made.url)
        yield made


def call(data: Path, *words: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(app, ["--data", str(data), "encoder", "fetch", *words])


def told(data: Path, *words: str) -> dict[str, Any]:
    """Run the command; return what it printed."""
    result = call(data, *words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_fetched_model_is_an_encoder(held: Hub, tmp_path: Path) -> None:
    """Its description is complete, so no later version asks it otherwise under this name."""
    data = tmp_path / "data"
    made = told(data, "ada/e5-tiny", "--revision", "v1")

    assert (made["encoder"], made["dim"], made["new"]) == ("ada/e5-tiny@v1", tiny.DIM, True)
    encoder = open_encoder(Settings(encoder="ada/e5-tiny@v1", data=data))
    assert encoder.space == f"ada/e5-tiny@{COMMIT[:12]}"
    assert np.allclose(encoder.encode(["bees"])[0], tiny.unit(tiny.looked_up("[CLS]")[0]))
    facts = json.loads((data / "models" / "ada--e5-tiny@v1" / "model.json").read_text())
    assert (facts["pooling"], facts["document_prefix"]) == ("cls", "passage: ")
    assert facts["sizes"]["onnx/model.onnx"] == len(tiny.bert())
    assert set(facts["sha256"]) == set(facts["sizes"]) == set(made["files"])
    assert "model.safetensors" not in made["files"]
    assert (facts["license"], facts["origin"]["commit"]) == ("apache-2.0", COMMIT)


def test_a_fetched_model_is_not_fetched_again(held: Hub, tmp_path: Path) -> None:
    """Unless the revision has moved on."""
    assert held.server is not None
    told(tmp_path, "ada/e5-tiny")
    held.server.asked.clear()
    assert told(tmp_path, "ada/e5-tiny")["new"] is False
    assert len(held.server.asked) == 1
    held.commit = "e" * 40

    assert told(tmp_path, "ada/e5-tiny")["space"] == f"ada/e5-tiny@{'e' * 12}"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        pytest.param(["ada/torch"], "has no model in ONNX", id="weights for torch"),
        pytest.param(["ada/mute"], "has no tokenizer.json", id="no tokenizer"),
        pytest.param(["ada/e5-tiny", "--file", "x.onnx"], "has no x.onnx", id="no such file"),
        pytest.param(["ada/broken"], "cannot be loaded", id="no model"),
        pytest.param(["tiny"], "named owner/model", id="half a name"),
    ],
)
@pytest.mark.usefixtures("held")
def test_what_cannot_be_used_is_not_kept(tmp_path: Path, words: list[str], complaint: str) -> None:
    """The error comes now, not when a library is opened with it."""
    result = call(tmp_path / "data", *words)

    assert result.exit_code != 0
    assert complaint in " ".join((result.output + str(result.exception)).split())
    models = tmp_path / "data" / "models"
    assert not [one for one in models.glob("*") if not one.name.startswith(".")]


@pytest.mark.usefixtures("held")
def test_an_evaluation_finds_the_fetched_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs in a data folder of its own; the model lies in the reader's."""
    monkeypatch.setenv("BROADSHEET_DATA", str(tmp_path))
    monkeypatch.setenv("BROADSHEET_ENCODER", "ada/e5-tiny")
    told(tmp_path, "ada/e5-tiny")

    kept = temporary_settings()["BROADSHEET_ENCODER"]
    assert open_encoder(Settings(encoder=kept)).space == f"ada/e5-tiny@{COMMIT[:12]}"
