"""Clean text, folded text, and the keys of titles and names."""

# ruff: noqa: RUF001  # letters that look like others are the subject

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.text import normal


@pytest.mark.parametrize(
    ("given_text", "cleaned"),
    [
        pytest.param("plain", "plain", id="plain"),
        pytest.param("  a \t b\n\nc ", "a b c", id="white space"),
        pytest.param("a\x00b\x1bc\x7fd", "abcd", id="controls"),
        pytest.param("a\u202eb\u2066c\u200fd", "abcd", id="direction overrides"),
        pytest.param("zero\u200bwidth\ufeff", "zerowidth", id="zero width"),
        pytest.param("so\u00adft", "soft", id="soft hyphen"),
        pytest.param("e\u0301", "é", id="composed"),
        pytest.param("lone \ud800 half", "lone half", id="surrogate"),
        pytest.param("pass\u200dword", "password", id="joiner in Latin"),
        pytest.param(
            "می\u200cخواهم 👩\u200d🔬", "می\u200cخواهم 👩\u200d🔬", id="joiners that shape"
        ),
        pytest.param("it\x92s \x93so\x94", "it’s “so”", id="Windows quotes"),
        pytest.param("a\u00a0b", "a b", id="no-break space"),
    ],
)
def test_what_shows_nothing_or_turns_text_around_goes(given_text: str, cleaned: str) -> None:
    """Titles go to pages, mails and terminals: nothing in them may hide or turn text around."""
    assert normal.clean(given_text) == cleaned


@given(st.text(alphabet=st.characters(codec=None)))
def test_cleaning_is_done_once(given_text: str) -> None:
    """What was cleaned is clean: on one line, NFC, fit for UTF-8."""
    cleaned = normal.clean(given_text)

    assert normal.clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned.encode().decode() == cleaned
    assert cleaned == " ".join(cleaned.split())


spaced = st.lists(st.sampled_from([*"ab<", " ", "  ", "\n", "\r\n", "\x0b", "\x1c", "\x7f", "é"]))


@given(spaced.map("".join) | st.text(alphabet=st.characters(codec=None)))
def test_cleaning_is_the_same_the_quick_way(given_text: str) -> None:
    """Plain ASCII ends early; it must come out as the whole rule makes it."""
    shown = given_text if given_text.isprintable() else normal._without_harmful(given_text)

    assert normal.clean(given_text) == unicodedata.normalize("NFC", " ".join(shown.split()))


@given(spaced.map("".join))
def test_paragraphs_are_the_same_the_quick_way(given_text: str) -> None:
    """Text without an empty line is one paragraph, and none where it is blank."""
    unified = given_text.replace("\r\n", "\n").replace("\r", "\n")
    pieces = [normal.clean(each) for each in normal._PARAGRAPH_BREAK.split(unified)]

    assert normal.clean_paragraphs(given_text) == "\n\n".join(filter(None, pieces))


def test_paragraphs_are_kept() -> None:
    """Abstracts have paragraphs; lines within them are an accident."""
    assert normal.clean_paragraphs("a\r\nb\r\n\r\n \n c\n\n\n\u200b\n\nd") == "a b\n\nc\n\nd"
    assert normal.clean_paragraphs(" one  line ") == "one line"
    assert normal.clean_paragraphs("a\u2029b") == "a\n\nb"


@pytest.mark.parametrize(
    ("given_text", "plain"),
    [
        pytest.param("plain & simple", "plain & simple", id="plain"),
        pytest.param("<p>One<br/>two</p>", " One two ", id="blocks"),
        pytest.param("<i>In</i>line <b class='x'>bold</b>", "Inline bold", id="inline"),
        pytest.param("H<sub>2</sub>O, 10<sup>-3</sup>", "H₂O, 10⁻³", id="scripts"),
        pytest.param("a<script>alert(1)</script>b<style>x", "a b ", id="what nobody reads"),
        pytest.param("a <!-- no --> b", "a  b", id="comment"),
        pytest.param("if a<b and c>d", "if a<b and c>d", id="comparison"),
        pytest.param("<T> of List<T>", "<T> of List<T>", id="type"),
        pytest.param("<jats:p>x</jats:p>", " x ", id="JATS"),
        pytest.param("Q&amp;A &#8211; &lt;b&gt; &eacute;", "Q&A – <b> é", id="entities"),
        pytest.param("R&Degree AT&T &copy", "R&Degree AT&T &copy", id="no entities"),
    ],
)
def test_html_becomes_text(given_text: str, plain: str) -> None:
    """Sources send HTML where text belongs; comparisons are no tags."""
    assert normal.strip_html(given_text) == plain


@pytest.mark.parametrize(
    ("given_text", "folded"),
    [
        pytest.param("Ångström", "angstrom", id="accents"),
        pytest.param("Straße ŁÓDŹ Søren", "strasse lodz soren", id="letters"),
        pytest.param("ﬁne ﬀ ² Ａ", "fine ff 2 a", id="compatibility"),
        pytest.param("İstanbul", "istanbul", id="dotted capital"),
        pytest.param("がく 한국어", "がく 한국어", id="signs that matter"),
        pytest.param("שָׁלוֹם كِتَاب", "שלום كتاب", id="vowel points"),
        pytest.param("हिन्दी", "हिन्दी", id="vowel signs"),
    ],
)
def test_folding(given_text: str, folded: str) -> None:
    """Search and keys must not care how a name is accented; vowel signs are no accents."""
    assert normal.fold(given_text) == folded


@given(st.text())
def test_folding_is_done_once(given_text: str) -> None:
    """Keys made of keys are the same keys."""
    folded = normal.fold(given_text)

    assert normal.fold(folded) == folded


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param("Deep Résumé-Nets: O(n²)!", id="plain"),
        pytest.param("deep resume nets O(n2)", id="folded"),
        pytest.param(r"\textbf{Deep} R{\'e}sum\'e--Nets: $O(n^2)$", id="LaTeX"),
        pytest.param("<i>Deep</i>&nbsp;R&eacute;sum&eacute; Nets: O(n<sup>2</sup>)", id="HTML"),
        pytest.param(" De\u200bep  Re\u0301sume\u0301 Nets O(n 2)", id="invisible"),
    ],
)
def test_spellings_of_a_title_meet(spelling: str) -> None:
    """Two sources seldom spell a title alike."""
    assert normal.title_key(spelling) == "deepresumenetson2"


def test_titles_without_letters_are_their_own_key() -> None:
    """Two papers of signs alone are two papers."""
    assert normal.title_key("∀∃ ?!") == "∀∃?!"
    assert normal.title_key("∀∃ ?!") != normal.title_key("∃∀ ?!")


def test_long_keys_are_cut_but_not_confused() -> None:
    """A key fits an index; titles that differ at their end still differ."""
    one, two = (normal.title_key("a" * 500 + end) for end in "xy")

    assert len(one) == normal.MAX_KEY_LENGTH
    assert one != two


@pytest.mark.parametrize(
    ("name", "key"),
    [
        pytest.param("Ada Lovelace", "ada lovelace", id="plain"),
        pytest.param("Lovelace, Ada", "ada lovelace", id="turned"),
        pytest.param(r"{\'E}milie du Ch\^atelet", "emilie du chatelet", id="LaTeX"),
        pytest.param("J.-P. O'Neil", "j p o neil", id="punctuation"),
        pytest.param("Nyberg, Jr.", "nyberg jr", id="junior"),
        pytest.param("Wei Wang 0002", "wei wang", id="numbered"),
        pytest.param("李 明", "李 明", id="CJK"),
        pytest.param("Pescitelli,", "pescitelli", id="comma at the end"),
        pytest.param("2024", "2024", id="a number is a name when alone"),
    ],
)
def test_spellings_of_a_name_meet(name: str, key: str) -> None:
    """Sources turn names around and accents off."""
    assert normal.author_key(name) == key
