"""``broadsheet eval`` and ``broadsheet bench``: claims that anyone can repeat."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from broadsheet.cli.output import Json, print_json, progress_bar
from broadsheet.model import Mode

evaluations = typer.Typer(help="Measure quality on labelled data.", no_args_is_help=True)
benchmarks = typer.Typer(help="Measure speed and size.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the groups to the program."""
    app.add_typer(evaluations, name="eval")
    app.add_typer(benchmarks, name="bench")


class Split(StrEnum):
    """Which judgements to use: tune on train, report test."""

    TRAIN = "train"
    TEST = "test"


@evaluations.callback()
def evaluations_group() -> None:
    """Measure quality on labelled data."""


@benchmarks.callback()
def benchmarks_group() -> None:
    """Measure speed and size."""


class Modes(StrEnum):
    """Which retrievers answer; all: each mode in turn, from one index."""

    LEXICAL = "lexical"
    DENSE = "dense"
    HYBRID = "hybrid"
    ALL = "all"

    @property
    def chosen(self) -> list[Mode]:
        """The modes that are meant, in order."""
        return list(Mode) if self is Modes.ALL else [Mode(self.value)]


@evaluations.command()
def retrieval(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="In BEIR layout.")],
    mode: Annotated[Modes, typer.Option(help="Which retrievers answer.")] = Modes.HYBRID,
    split: Annotated[Split, typer.Option(help="Which judgements.")] = Split.TEST,
    json: Json = False,
) -> None:
    """Index test collections as the product does, search them, and score the answers.

    With --json one result is an object, several are a list: of each folder in turn, and with
    `--mode all` of lexical, dense and hybrid from one index.

    Example: broadsheet eval retrieval scifact --mode hybrid --json
    """
    from broadsheet.eval.retrieval import evaluate

    found = []
    for folder in folders:
        with progress_bar(folder.name) as move:
            found += evaluate(folder, modes=mode.chosen, split=split.value, progress=move)
    _print_all(found, is_json=json)


@evaluations.command()
def upgrade(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder in BEIR layout.")],
    before: Annotated[
        str,
        typer.Option(
            metavar="ENCODER",
            help="What has read every document before, as the setting encoder names it. "
            "Default: the drafts.",
        ),
    ] = "",
    split: Annotated[Split, typer.Option(help="Which judgements.")] = Split.TEST,
    orders: Annotated[
        int, typer.Option(min=1, help="In how many orders the documents are read.")
    ] = 5,
    json: Json = False,
) -> None:
    """Measure what searches find while the encoder reads more and more of a collection.

    Example: broadsheet eval upgrade scifact --json
    """
    from broadsheet.eval.upgrading import evaluate

    with progress_bar("Evaluating") as move:
        result = evaluate(folder, split=split.value, before=before, orders=orders, progress=move)
    _print(result, is_json=json)


class Half(StrEnum):
    """Which half is measured: choose constants on dev, report test."""

    DEV = "dev"
    TEST = "test"


@evaluations.command()
def known(
    corpus: Annotated[list[Path], typer.Argument(metavar="FILE", help="What to import.")],
    papers: Annotated[int, typer.Option(min=10, help="How many records.")] = 5_000,
    queries: Annotated[int, typer.Option(min=1, help="How many papers are asked for.")] = 300,
    seed: Annotated[int, typer.Option(help="Of the choice and of the slips.")] = 1,
    split: Annotated[Half, typer.Option(help="Which half of the papers.")] = Half.TEST,
    mode: Annotated[Mode, typer.Option(help="Which retrievers answer.")] = Mode.HYBRID,
    json: Json = False,
) -> None:
    """Ask for papers by title, misspelt or in other words, a sentence, author and year; rank them.

    Example: broadsheet eval known papers.jsonl --papers 5000 --json
    """
    from broadsheet.eval.known import evaluate

    with progress_bar("Evaluating") as move:
        result = evaluate(
            corpus,
            papers=papers,
            queries=queries,
            seed=seed,
            split=split.value,
            mode=mode,
            progress=move,
        )
    _print(result, is_json=json)


@evaluations.command()
def keywords(
    corpus: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Papers with keywords.")],
    papers: Annotated[int, typer.Option(min=10, help="At most so many papers.")] = 20_000,
    queries: Annotated[int, typer.Option(min=1, help="At most so many queries.")] = 300,
    seed: Annotated[int, typer.Option(help="Of the choice of papers and keywords.")] = 1,
    split: Annotated[Half, typer.Option(help="Which half of the queries.")] = Half.TEST,
    mode: Annotated[Modes, typer.Option(help="Which retrievers answer.")] = Modes.HYBRID,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the collection here, in BEIR layout.")
    ] = None,
    json: Json = False,
) -> None:
    """Ask by two or three keywords of a paper; papers that share them are relevant.

    Keywords are not indexed. All of a query's keywords are grade 3; 60 % and 30 % of their
    weight, which is the logarithm of how rare they are, grades 2 and 1.

    Example: broadsheet eval keywords daily-papers.jsonl --mode all --json
    """
    from broadsheet.eval.keywords import evaluate

    with progress_bar("Evaluating") as move:
        found = evaluate(
            corpus,
            papers=papers,
            queries=queries,
            seed=seed,
            split=split.value,
            modes=mode.chosen,
            out=out,
            progress=move,
        )
    _print_all(found, is_json=json)


@evaluations.command()
def duplicates(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Holds .jsonl files with works in common.")
    ],
    split: Annotated[Half, typer.Option(help="Which half of the pairs.")] = Half.TEST,
    json: Json = False,
) -> None:
    """Measure the rule that tells one work from two, on works that two files hold.

    Example: broadsheet eval duplicates papers --json
    """
    from broadsheet.eval.duplicates import evaluate

    with progress_bar("Reading") as move:
        _print(evaluate(folder, split=split.value, progress=move), is_json=json)


Papers = Annotated[
    int, typer.Option(metavar="N", min=100, max=10_000_000, help="How many papers, 100 or more.")
]
Corpus = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE", help="Take papers from this file; repeatable. Default: synthetic."
    ),
]
Encode = Annotated[
    int | None, typer.Option(metavar="N", min=0, help="Encode only the N newest. Default: all.")
]


@benchmarks.command(name="search")
def bench_search(
    papers: Papers = 10_000,
    corpus: Corpus = None,
    encode: Encode = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Keep the library here; one that is here is measured as it is."
        ),
    ] = None,
    incoming: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, help="Import so many more while searches go on, and time both."
        ),
    ] = 2_000,
    json: Json = False,
) -> None:
    """Time searches in process, query encoding included, on so many papers.

    Where --corpus holds fewer, the rest is put together from its sentences. Papers that are not
    encoded get drafts, or made-up vectors. The result says what is what.

    Example: broadsheet bench search --papers 10000 --json
    """
    from broadsheet.eval.beside import running
    from broadsheet.eval.searching import bench_search as run
    from broadsheet.jobs import indexer

    with progress_bar("Measuring") as move:
        result = run(
            papers=papers,
            corpus=corpus or [],
            encode=encode,
            keep=keep,
            incoming=incoming,
            indexing=partial(running, indexer.COMMAND, indexer.order),
            progress=move,
        )
    _print(result, is_json=json)


@benchmarks.command(name="soak")
def bench_soak(
    minutes: Annotated[float, typer.Option(min=0.01, max=10_000, help="How long.")] = 60.0,
    papers: Papers = 5_000,
    json: Json = False,
) -> None:
    """Read and write a library at once for an hour, and watch its memory.

    Two readers search, a writer imports changed papers and merges and parts others, and the jobs
    of a server index, encode and tidy up. Every error is counted.

    Example: broadsheet bench soak --minutes 10 --papers 1000 --json
    """
    from broadsheet.eval.soaking import soak
    from broadsheet.jobs.index import IndexJob, TidyJob

    with progress_bar("Soaking") as move:
        result = soak(minutes=minutes, papers=papers, indexers=[IndexJob, TidyJob], progress=move)
    _print(result, is_json=json)


class Layout(StrEnum):
    """What a bench imports."""

    ARXIV_SNAPSHOT = "arxiv-snapshot"
    LINES = "lines"


@benchmarks.command(name="ingest")
def bench_ingest(
    papers: Papers = 10_000,
    corpus: Corpus = None,
    layout: Annotated[
        Layout,
        typer.Option(
            "--format",
            help="A made-up snapshot of arXiv in its real format, its sentences mixed from "
            "--corpus; or the first lines of --corpus as they are.",
        ),
    ] = Layout.ARXIV_SNAPSHOT,
    kills: Annotated[
        int, typer.Option(min=0, max=100, help="How many imports to kill at random moments.")
    ] = 2,
    index: Annotated[
        bool, typer.Option("--index/--no-index", help="Index by word too, and time it.")
    ] = True,
    json: Json = False,
) -> None:
    """Time reading, merging and storing so many papers, and importing them again.

    Memory is sampled while it goes on; then imports are killed, and what is left is checked.

    Example: broadsheet bench ingest --papers 100000 --json
    """
    from broadsheet.errors import UsageError
    from broadsheet.eval.ingesting import bench_ingest as run

    if layout is Layout.LINES and not corpus:
        raise UsageError("--format lines needs --corpus FILE", field="corpus")
    with progress_bar("Measuring") as move:
        result = run(
            papers=papers,
            corpus=corpus or [],
            layout=layout.value,
            kills=kills,
            is_indexing=index,
            progress=move,
        )
    _print(result, is_json=json)


@benchmarks.command(name="serve")
def bench_serve(
    papers: Papers = 1_000,
    corpus: Corpus = None,
    encode: Encode = None,
    library: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Serve the library in this data folder as it is; fill none."
        ),
    ] = None,
    readers: Annotated[int, typer.Option(min=1, max=500, help="How many ask at once.")] = 50,
    overload: Annotated[
        int, typer.Option(min=0, max=20, help="Then so many times as many; 0: not at all.")
    ] = 10,
    seconds: Annotated[
        float, typer.Option(min=0.1, max=600, help="How long for each kind of page.")
    ] = 10,
    json: Json = False,
) -> None:
    """Time pages and API of a server of its own, with many readers at once.

    Searches each with other words, by page and by API; editions; editions that the reader has
    already (304); pages of papers.

    Example: broadsheet bench serve --papers 1000 --readers 50 --json
    """
    from broadsheet.eval import serving

    plan = serving.Plan(readers=readers, overload=overload, seconds=seconds)
    with progress_bar("Measuring") as move:
        if library is not None:
            result = serving.bench_served(library, plan=plan, progress=move)
        else:
            result = serving.bench_serve(
                papers=papers, corpus=corpus or [], encode=encode, plan=plan, progress=move
            )
    _print(result, is_json=json)


def _print_all(results: list[dict[str, Any]], *, is_json: bool) -> None:
    """Print one result as an object, several as a list."""
    if is_json and len(results) > 1:
        print_json(results)
        return
    for result in results:
        _print(result, is_json=is_json)


def _print(result: dict[str, Any], *, is_json: bool) -> None:
    if is_json:
        print_json(result)
        return
    for name, value in result.items():
        typer.echo(f"{name}: {value}")
