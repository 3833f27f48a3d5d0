"""``broadsheet encoder``: make the table that gives every new paper a vector at once."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.cli.output import Json, note, print_json, progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

encoders = typer.Typer(help="Train what turns papers into vectors.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the group to the program."""
    app.add_typer(encoders, name="encoder")


@encoders.callback()
def group() -> None:
    """Train what turns papers into vectors."""


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

    started = time.monotonic()
    folder = context.find_root().obj or data_folder()
    teacher = open_encoder(config.load(folder))
    cutter = draft.WordPieces(teacher.tokenizer(), tokens=teacher.tokens)
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
    draft.save_table(out, trained.table, space=teacher.space, tokens=teacher.tokens, trained=told)
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
