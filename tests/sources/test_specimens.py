"""The specimen edition as data: complete, consistent, and as varied as the papers it stands for."""

from __future__ import annotations

import json
import re
from collections import Counter
from importlib import resources
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest

REQUIRED = {"id", "title", "abstract", "authors", "day_offset", "categories", "topics"}
OPTIONAL = {"versions", "venue", "comment", "summary", "links", "votes", "comments", "stars"}
SERIES = ("votes", "comments", "stars")
DAYS = 30

Specimen = dict[str, Any]


def lines() -> list[str]:
    """Return the lines of the committed file."""
    file = resources.files("broadsheet.sources") / "specimens.jsonl"
    return file.read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def specimens() -> list[Specimen]:
    """Return every specimen as it is written in the file."""
    return [json.loads(line) for line in lines()]


def field_of(specimen: Specimen) -> str:
    """Return the archive of the primary category: ``cs`` of ``cs.IR``."""
    return str(specimen["categories"][0]).split(".", maxsplit=1)[0]


def share(specimens: list[Specimen], field: str) -> float:
    """Return the part of the specimens that have a field."""
    return sum(field in specimen for specimen in specimens) / len(specimens)


def test_there_are_about_150_of_them(specimens: list[Specimen]) -> None:
    """A day, a week and a month each need enough papers to look like themselves."""
    assert 150 <= len(specimens) <= 160


def test_every_specimen_has_the_documented_fields(specimens: list[Specimen]) -> None:
    """A misspelt field would be dropped in silence by whoever reads the file."""
    for specimen in specimens:
        assert specimen.keys() >= REQUIRED, specimen["id"]
        assert specimen.keys() <= REQUIRED | OPTIONAL, specimen["id"]


def test_ids_titles_and_abstracts_are_unique(specimens: list[Specimen]) -> None:
    """Two alike would be merged into one paper on their way in."""
    for field in ("id", "title", "abstract"):
        values = Counter(s[field].casefold() for s in specimens if s[field])

        assert [value for value, times in values.items() if times > 1] == []


def test_ids_are_slugs_that_a_url_can_hold(specimens: list[Specimen]) -> None:
    """The page of a specimen is found by its id, unescaped."""
    for specimen in specimens:
        assert re.fullmatch(r"specimen:[a-z0-9]+(-[a-z0-9]+)*", specimen["id"]), specimen["id"]


def test_lists_hold_distinct_plain_strings(specimens: list[Specimen]) -> None:
    """Authors, categories and topics are what pages link by: none empty, none twice."""
    for specimen in specimens:
        for field in ("authors", "categories", "topics"):
            values = specimen[field]

            assert values, (specimen["id"], field)
            assert all(value and value == value.strip() for value in values), specimen["id"]
            assert len(set(values)) == len(values), (specimen["id"], field)
        assert specimen["topics"] == [topic.lower() for topic in specimen["topics"]]


def test_the_file_is_stable_under_rewriting(specimens: list[Specimen]) -> None:
    """One form on disk keeps differences between its versions readable."""
    assert lines() == [json.dumps(specimen, ensure_ascii=False) for specimen in specimens]
    assert specimens == sorted(specimens, key=lambda s: (s["day_offset"], s["id"]))


def test_every_one_of_thirty_days_has_papers(specimens: list[Specimen]) -> None:
    """Previous and next always lead somewhere, and the newest edition is full."""
    days = Counter(specimen["day_offset"] for specimen in specimens)

    assert sorted(days) == list(range(DAYS))
    assert min(days.values()) >= 2
    assert days[0] >= 10
    assert days[1] >= 8


def test_the_newest_day_has_a_lead_worth_reading(specimens: list[Specimen]) -> None:
    """The most voted paper of today opens the front page, with a whole abstract."""
    today = [s for s in specimens if s["day_offset"] == 0 and "votes" in s]
    lead, second = sorted(today, key=lambda s: -s["votes"][-1]["value"])[:2]

    assert lead["votes"][-1]["value"] > second["votes"][-1]["value"]
    assert 150 <= len(lead["abstract"].split()) <= 220
    assert lead["summary"]


@pytest.mark.parametrize("kind", SERIES)
def test_running_totals_only_rise(specimens: list[Specimen], kind: str) -> None:
    """Oldest first, from the paper's day to today, one observation a day, never falling."""
    for specimen in specimens:
        seen = specimen.get(kind, [])

        assert all(value.keys() == {"day_offset", "value"} for value in seen), specimen["id"]
        assert all(specimen["day_offset"] >= s["day_offset"] >= 0 for s in seen), specimen["id"]
        for earlier, later in pairwise(seen):
            assert earlier["day_offset"] > later["day_offset"], specimen["id"]
            assert 0 < earlier["value"] <= later["value"], specimen["id"]


def test_versions_count_from_the_first_day(specimens: list[Specimen]) -> None:
    """Version 1 is the paper's own day; each further one comes later and says what changed."""
    for specimen in specimens:
        versions = specimen.get("versions", [])

        assert [v["version"] for v in versions] == list(range(1, len(versions) + 1))
        assert all(v.keys() <= {"version", "day_offset", "title", "abstract"} for v in versions)
        if versions:
            assert len(versions) > 1, specimen["id"]
            assert versions[0] == {"version": 1, "day_offset": specimen["day_offset"]}
            assert all(a["day_offset"] > b["day_offset"] for a, b in pairwise(versions))
            for field in ("title", "abstract"):
                assert all(v.get(field) != specimen[field] for v in versions), specimen["id"]


def test_links_lead_to_example_domains_only(specimens: list[Specimen]) -> None:
    """Nobody's real server is visited from a page of invented papers."""
    for specimen in specimens:
        for link in specimen.get("links", []):
            url = urlsplit(link["url"])

            assert (url.scheme, url.netloc) == ("https", f"{link['kind']}.example")
            assert link["kind"] in {"code", "data", "project"}


def test_no_text_holds_control_characters_or_loose_space(specimens: list[Specimen]) -> None:
    """Odd input belongs in tests that name it, not hidden in what newcomers read."""
    for specimen in specimens:
        for field in ("title", "abstract", "venue", "comment", "summary"):
            text = specimen.get(field, "").replace("\n\n", " ")

            assert text.isprintable(), (specimen["id"], field)
            assert text == " ".join(text.split()), (specimen["id"], field)


@pytest.mark.parametrize(
    ("field", "least", "most"),
    [
        pytest.param("votes", 0.55, 0.75, id="votes"),
        pytest.param("comments", 0.5, 0.7, id="comments"),
        pytest.param("stars", 0.15, 0.4, id="stars"),
        pytest.param("versions", 0.12, 0.2, id="versions"),
        pytest.param("summary", 0.2, 0.6, id="summaries"),
        pytest.param("venue", 0.03, 0.3, id="venues"),
    ],
)
def test_optional_fields_are_there_sometimes(
    specimens: list[Specimen], field: str, least: float, most: float
) -> None:
    """Pages must be seen with and without each of them."""
    assert least <= share(specimens, field) <= most


def test_two_in_five_papers_link_to_code(specimens: list[Specimen]) -> None:
    """A filter for code must keep some and drop some."""
    with_code = sum(
        any(link["kind"] == "code" for link in specimen.get("links", [])) for specimen in specimens
    )

    assert 0.35 <= with_code / len(specimens) <= 0.5


def test_they_span_at_least_twelve_fields(specimens: list[Specimen]) -> None:
    """A library for researchers is not a library for one department."""
    fields = Counter(field_of(specimen) for specimen in specimens)

    assert len(fields) >= 12
    assert len({specimen["categories"][0] for specimen in specimens}) >= 40
    assert max(fields.values()) <= len(specimens) / 2


def test_subjects_come_in_groups(specimens: list[Specimen]) -> None:
    """Search and similar papers need neighbours to tell apart."""
    topics = Counter(topic for specimen in specimens for topic in specimen["topics"])

    assert sum(times >= 4 for times in topics.values()) >= 15
    assert all(
        topics[topic] >= 4
        for topic in ("sparse retrieval", "protein folding", "tidal energy", "digitisation")
    )


def test_author_lists_run_from_one_to_sixty(specimens: list[Specimen]) -> None:
    """A byline must fold gracefully, and a single author must not look forgotten."""
    sizes = Counter(len(specimen["authors"]) for specimen in specimens)

    assert min(sizes) == 1
    assert max(sizes) == 60
    assert sizes[1] >= 5
    assert sum(times for size, times in sizes.items() if size >= 10) >= 5


def test_abstracts_run_from_nothing_to_three_hundred_words(specimens: list[Specimen]) -> None:
    """Empty, one sentence, one paragraph, several: each lays out differently."""
    words = [len(specimen["abstract"].split()) for specimen in specimens]

    assert words.count(0) == 3
    assert any(0 < count <= 30 for count in words)
    assert sum(count >= 150 for count in words) >= 15
    assert 250 <= max(words) <= 320
    assert any("\n\n" in specimen["abstract"] for specimen in specimens)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(r"[\u0590-\u05ff]", id="Hebrew"),
        pytest.param(r"[\u0600-\u06ff]", id="Arabic"),
        pytest.param(r"[\u0400-\u04ff]", id="Cyrillic"),
        pytest.param(r"[\u0900-\u097f]", id="Devanagari"),
        pytest.param(r"[\u3040-\u30ff]", id="kana"),
        pytest.param(r"[\u4e00-\u9fff]", id="Han"),
        pytest.param(r"[\uac00-\ud7af]", id="Hangul"),
        pytest.param(r"[À-ž]", id="Latin with diacritics"),
    ],
)
def test_names_come_in_many_scripts(specimens: list[Specimen], script: str) -> None:
    """Names are shown, searched and cited as their owners write them."""
    names = [name for specimen in specimens for name in specimen["authors"]]

    assert any(re.search(script, name) for name in names)


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(r"^[\u0590-\u06ff]", id="right to left"),
        pytest.param(r"[\u3040-\u30ff\u4e00-\u9fff]", id="Chinese or Japanese"),
        pytest.param(r"[\uac00-\ud7af]", id="Korean"),
        pytest.param(r"\$[^$]+\$", id="a formula"),
        pytest.param(r"\?", id="a question"),
        pytest.param("\N{CRESCENT MOON}", id="an emoji"),
        pytest.param("<b>.*&.*&lt;", id="what looks like markup"),
        pytest.param(r"^.{1,10}$", id="very short"),
        pytest.param(r"^.{250,}$", id="very long"),
    ],
)
def test_titles_take_every_shape_that_real_ones_take(specimens: list[Specimen], form: str) -> None:
    """Each shape has broken somebody's page before."""
    assert any(re.search(form, specimen["title"]) for specimen in specimens)


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(r"\\\[.*\\\]", id="a displayed formula"),
        pytest.param(r"\\textbf\{", id="bold"),
        pytest.param(r"\\emph\{", id="emphasis"),
        pytest.param(r"\{\\'a\}", id="an accent"),
        pytest.param(r"\\alpha", id="a Greek letter"),
        pytest.param(r"``[^']+''", id="quotation marks"),
        pytest.param(r"\d\\?%", id="a percentage"),
        pytest.param("<script>", id="what looks like a script"),
    ],
)
def test_abstracts_hold_the_latex_that_authors_send(specimens: list[Specimen], form: str) -> None:
    """The renderer is shown with real forms, not with formulas made easy for it."""
    assert any(re.search(form, specimen["abstract"], re.DOTALL) for specimen in specimens)


def test_one_specimen_has_broken_braces(specimens: list[Specimen]) -> None:
    """And one only: it is there to be survived, not to be the rule."""

    def is_unbalanced(text: str) -> bool:
        return text.count("{") != text.count("}")

    broken = [s["id"] for s in specimens if is_unbalanced(s["title"] + s["abstract"])]

    assert broken == ["specimen:broken-braces"]


def test_some_papers_are_discovered_late(specimens: list[Specimen]) -> None:
    """Trends need a paper that was quiet for days and then gained most of its votes."""

    def gained_late(specimen: Specimen) -> bool:
        votes = specimen.get("votes", [])
        recent = [seen for seen in votes if seen["day_offset"] <= 3]
        before = [seen for seen in votes if seen["day_offset"] > 3]
        if not (recent and before and specimen["day_offset"] >= 6):
            return False
        return bool(recent[-1]["value"] >= 1.5 * before[-1]["value"])

    assert sum(gained_late(specimen) for specimen in specimens) >= 4
