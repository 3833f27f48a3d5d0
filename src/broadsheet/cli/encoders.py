"""``broadsheet encoder``: fetch a model, make the table that gives every new paper a vector."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.cli.output import Json, note, print_json, progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

encoders = typer.Typer(help="Fetch and train what turns papers into vectors.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the group to the program."""
    app.add_typer(encoders, name="encoder")


@encoders.callback()
def group() -> None:
    """Fetch and train what turns papers into vectors."""


@encoders.command()
def fetch(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="OWNER/MODEL", help="Its name at the hub.")],
    revision: Annotated[str, typer.Option(help="A branch, a tag or a commit.")] = "main",
    file: Annotated[
        str,
        typer.Option(
            metavar="PATH",
            help="The ONNX file, within the model. Default: a quantised one where there is one.",
        ),
    ] = "",
    json: Json = False,
) -> None:
    """Fetch a model from the hub (`hub_url`) into the data folder, check it, and try it.

    What was stopped goes on where it was. Fetched again, a model is replaced where the revision
    means another commit by now.

    Example: broadsheet encoder fetch intfloat/e5-small-v2
    """
    from broadsheet import config
    from broadsheet.assemble import data_folder
    from broadsheet.index import fetched, layout
    from broadsheet.sources import hub

    settings = config.load(context.find_root().obj or data_folder())
    source = hub.open_hub(settings)
    listing = source.listing(model, revision)
    wanted = fetched.needed(model, [one.path for one in listing.files], file=file)
    folder = layout.fetched_folder(settings.data, model, revision)
    is_new = not fetched.is_there(folder, listing.commit, wanted)
    if is_new:
        with progress_bar("Fetching") as move:
            hub.fetch_model(
                source, listing, wanted, folder, describe=fetched.describe, progress=move
            )
    facts = layout.read_facts(folder)
    name = model if revision == "main" else f"{model}@{revision}"
    if json:
        told = {"encoder": name, "space": facts.name, "dim": facts.dim, "folder": str(folder)}
        print_json({**told, "files": wanted, "new": is_new})
    else:
        what = "fetched" if is_new else "was there already"
        note(f"{facts.name} {what}, {facts.dim} numbers; set encoder to {name}")


@encoders.command()
def train(
    context: typer.Context,
    corpora: Annotated[
        list[Path], typer.Argument(metavar="CORPUS...", help="Files of papers, as for `import`.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the table goes.")],
    work: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where what was read is kept. Default: OUT/work."),
    ] = None,
    documents: Annotated[
        int, typer.Option(metavar="N", min=200, help="At most so many papers.")
    ] = 200_000,
    json: Json = False,
) -> None:
    """Fit a draft table to the encoder, by what it says of the papers in these files.

    The encoder reads every paper once, which takes hours; a training that is stopped goes on
    where it was when it is started again.

    Example: broadsheet encoder train arxiv.jsonl.zst --out draft
    """
    from broadsheet import config
    from broadsheet.assemble import data_folder
    from broadsheet.index import draft, training
    from broadsheet.index.encoder import open_encoder
    from broadsheet.index.pieces import WordPieces

    started = time.monotonic()
    folder = context.find_root().obj or data_folder()
    teacher = open_encoder(config.load(folder))
    cutter = WordPieces(teacher.tokenizer(), tokens=teacher.tokens)
    notes = training.TeacherNotes(
        work or out / "work", teacher=teacher.name, pieces=cutter.count, dim=teacher.dim
    )
    with progress_bar("Reading") as move:
        training.teach(
            teacher,
            cutter,
            notes,
            texts_of(corpora, documents),
            progress=lambda done: move(done, documents),
        )
    with progress_bar("Fitting") as move:
        trained = training.train(notes, teacher.encode_pieces(range(cutter.count)), progress=move)
    told = {
        "papers": trained.papers,
        "held_out": trained.held_out,
        "prior_cosine": round(trained.prior_cosine, 4),
        "cosine": round(trained.cosine, 4),
    }
    draft.save_table(
        out,
        trained.table,
        space=teacher.space,
        tokens=draft.TOKENS,
        teacher=teacher.name,
        trained=told,
    )
    if json:
        print_json({**told, "seconds": round(time.monotonic() - started, 1), "out": str(out)})
    else:
        note(f"{out}: {trained.papers:,} papers, cosine {trained.cosine:.3f} to the encoder")


def texts_of(corpora: Sequence[Path], count: int) -> Iterator[str]:
    """Yield what the encoder reads of the first ``count`` papers of these files, each title once.

    Raises:
        SourceError: a file cannot be read.
    """
    from broadsheet.library.encoding import text_of
    from broadsheet.model import Record
    from broadsheet.sources import open_files
    from broadsheet.text import normal

    seen: set[int] = set()
    for source in open_files(corpora):
        for item in source.read():
            if len(seen) >= count:
                return
            if not isinstance(item, Record) or not item.abstract:
                continue
            title = hash(normal.title_key(item.title))
            if title not in seen:
                seen.add(title)
                yield text_of(item.title, item.abstract)
