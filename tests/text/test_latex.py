"""LaTeX of titles and abstracts, read as people mean it."""

# ruff: noqa: RUF001  # letters that look like others are what is written

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.text import latex
from broadsheet.text.latex import Segment


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        pytest.param(r"\textbf{Deep} \emph{nets}", "Deep nets", id="fonts"),
        pytest.param("MHC^3", "MHC³", id="bare superscript"),
        pytest.param("10^-6 and 2^{10}", "10⁻⁶ and 2¹⁰", id="powers"),
        pytest.param("H_2O, L_1 and x_{ij}", "H₂O, L₁ and xᵢⱼ", id="bare subscripts"),
        pytest.param("snake_case, foo_1, ^_^ and a^-", "snake_case, foo_1, ^_^ and a^-", id="text"),
        pytest.param(r"{\'e} \'E \'{\i} {\H o} \c{c} It\^o", "é É í ő ç Itô", id="accents"),
        pytest.param(r"Y{\i}ld{\i}z, Stra\ss e, \O re", "Yıldız, Straße, Øre", id="letters"),
        pytest.param(r"Alzheimer\'s isn\'t it", "Alzheimer's isn't it", id="escaped quotes"),
        pytest.param(r"a \' b \'1", "a ' b '1", id="accents of nothing"),
        pytest.param(r"$O(n\log n)$", "O(n log n)", id="function"),
        pytest.param(
            r"$\log_2 n$, $\log(n)$, $\max\{a\}$", "log₂ n, log(n), max{a}", id="functions"
        ),
        pytest.param(r"$x \leq \frac{a+b}{c}$", "x ≤ (a+b)/c", id="fraction"),
        pytest.param(r"$\frac12$", "1/2", id="fraction without braces"),
        pytest.param(r"$\sqrt[3]{x+1}$ $\sqrt x$", "³√(x+1) √x", id="roots"),
        pytest.param(r"$\binom{n}{k}$", "(n choose k)", id="binomial"),
        pytest.param(r"$\mathbb{R}^{d\times k}$", "ℝ^(d×k)", id="blackboard"),
        pytest.param(r"$\mathcal{O}(n^{2})$", "O(n²)", id="calligraphic"),
        pytest.param(r"$\hat{x}$ $\bar y$ $\widehat{xyz}$", "x̂ ȳ xyz", id="math accents"),
        pytest.param(r"$x' = x^\top y^{\prime} z^{*}$", "x′ = xᵀ y′ z*", id="primes"),
        pytest.param(r"$x^{new}_{a,b}$", "x^new_(a,b)", id="long scripts"),
        pytest.param(r"$\not= a \text{ if } b$", "≠ a if b", id="negation and text"),
        pytest.param(r"$\left\{ x \right. \| y$", "{ x ‖ y", id="brackets"),
        pytest.param(r"$a \, b~c & d$", "a b c d", id="blanks"),
        pytest.param(r"$\operatorname{rank} A$", "rank A", id="operator"),
        pytest.param(r"$\begin{matrix} a & b \\ c \end{matrix}$", "a b c", id="matrix"),
        pytest.param(r"$$E = mc^2$$ \[a\] \(b\)", "E = mc² a b", id="displays"),
        pytest.param(r"\begin{align*}a=b\end{align*}.", "a=b.", id="environment"),
        pytest.param(r"5\% of \$3 \& \#1 \_ \{x\}", "5% of $3 & #1 _ {x}", id="escapes"),
        pytest.param("$5 and $10", "$5 and $10", id="money"),
        pytest.param("from $5M to $6M", "from $5M to $6M", id="millions"),
        pytest.param("$5$ and $10", "5 and $10", id="a formula and money"),
        pytest.param(
            "costs $100 per hour, $200 in all", "costs $100 per hour, $200 in all", id="per"
        ),
        pytest.param("a $ alone, then $x$", "a $ alone, then x", id="lone dollar"),
        pytest.param("one\n\n$ two $", "one\n\n$ two $", id="a word in dollars"),
        pytest.param("$a\n\nb$", "$a\n\nb$", id="no formula over paragraphs"),
        pytest.param("$ $ $$ $$", "$ $ $$ $$", id="empty formulas"),
        pytest.param(r"\( open and \[ open", "( open and [ open", id="unclosed formulas"),
        pytest.param(r"\begin{equation} open", " open", id="unclosed environment"),
        pytest.param(r"$a \\$ b", "$a $ b", id="dollars after line breaks"),
        pytest.param("{" * 50 + "a", "a", id="braces beyond all depth"),
        pytest.param("$a{b+c}$", "ab+c", id="group in a formula"),
        pytest.param("{{broken}", "broken", id="open brace"),
        pytest.param("}} stray", " stray", id="stray braces"),
        pytest.param("the set {a, b}, {Deep Nets}", "the set {a, b}, Deep Nets", id="sets"),
        pytest.param("is black{generally} good", "is generally good", id="lost backslash"),
        pytest.param(r"\textcolor{red}{hot} \color{blue}cold", "hot cold", id="colours"),
        pytest.param(r"as~\cite{a, b}, see~\ref{x}.", "as, see.", id="references"),
        pytest.param(r"\cite[p.~3]{a} said", " said", id="reference first"),
        pytest.param(
            r"\href{http://a.b}{here} \url{http://a.b/c\_d}", "here http://a.b/c_d", id="urls"
        ),
        pytest.param("https://a.b/x_1/y~z", "https://a.b/x_1/y~z", id="bare address"),
        pytest.param(r"\textbf {x} \textbf y", "x y", id="blank before the argument"),
        pytest.param(r"\ours{} and \method beats \foo{bar}", "ours and method beats bar", id="own"),
        pytest.param(r"{\bf bold} {\em a, b} x\xspace y", "bold a, b x y", id="switches"),
        pytest.param("Fig.~3, ~5%, 5~10, (~3)", "Fig. 3, ~5%, 5~10, (~3)", id="ties"),
        pytest.param("a -- b---c, 1--2, --flag", "a – b—c, 1–2, --flag", id="dashes"),
        pytest.param("``quoted''", "“quoted”", id="quotes"),
        pytest.param(r"a\\b \- \/ \, c", "a b c", id="line breaks"),
        pytest.param(r"\ensuremath{x^2} \textsc{Cap, s}", "x² Cap, s", id="formula in text"),
        pytest.param(r"$\stackrel{def}{=}$ \sqrt", "= √", id="missing arguments"),
        pytest.param("end \\", "end \\", id="backslash at the end"),
        pytest.param(r"\frac{1", "1/", id="cut in an argument"),
        pytest.param(r"\url{http://a", "http://a", id="cut in an address"),
        pytest.param(r"\frac}", "/", id="brace instead of an argument"),
        pytest.param(r"\"u \`a \^{} \~n", "ü à ^ ñ", id="more accents"),
    ],
)
def test_latex_reads_as_it_is_meant(source: str, plain: str) -> None:
    """Titles and abstracts are searched, mailed and listed as plain text."""
    assert latex.to_text(source) == plain


def test_text_without_latex_comes_back_as_it_is() -> None:
    """Nine of ten titles have no LaTeX: they cost one look."""
    source = "Plain  title, 5% & more - «é»\n"

    assert latex.to_text(source) is source
    assert latex.segments(source) == [Segment(kind="text", text=source)]
    assert latex.segments("") == []


def test_segments_keep_the_formula_for_the_page() -> None:
    """A page draws the raw formula and falls back to its text."""
    assert latex.segments(r"We prove $a \le b$ and $$c^2$$.") == [
        Segment(kind="text", text="We prove "),
        Segment(kind="math", text="a ≤ b", tex=r"a \le b"),
        Segment(kind="text", text=" and "),
        Segment(kind="math", text="c²", tex="c^2", is_display=True),
        Segment(kind="text", text="."),
    ]


def test_a_formula_reads_alike_short_or_long_first_or_again() -> None:
    """Short ones are remembered, long ones are not."""
    short, long = r"$x_1 \le y$", r"$x_1 \le y" + r" + y^2 - z^3" * 8 + "$"

    assert {latex.to_text(short) for _ in range(3)} == {"x₁ ≤ y"}
    assert {latex.to_text(long) for _ in range(3)} == {"x₁ ≤ y" + " + y² - z³" * 8}


def test_only_the_beginning_of_a_huge_text_is_read_as_latex() -> None:
    """No abstract is that long; what follows passes as it is."""
    source = "$x$" + "a" * latex.MAX_LENGTH + "$y$"

    assert latex.to_text(source).endswith("a$y$")
    assert latex.segments(source)[0].tex == "x"


COMMANDS = [
    *("\\", "{", "}", "$", "$$", "^", "_", "~", "--", "''", "``", " ", "\n\n", "a", "1", ".", "["),
    *(
        r"\(",
        r"\)",
        r"\[",
        r"\]",
        r"\frac",
        r"\sqrt",
        r"\textbf",
        r"\'",
        r"\cite",
        r"\url",
        r"\not",
    ),
    *(
        r"\begin{equation}",
        r"\end{equation}",
        r"\left",
        r"\text",
        r"\mathbb",
        r"\hat",
        r"\log",
        "]",
    ),
    *(
        r"\textcolor",
        r"\ensuremath",
        r"\operatorname",
        r"\href",
        r"\xspace",
        r"\c",
        "red",
        "http://",
    ),
]
sources = st.text() | st.lists(st.sampled_from(COMMANDS), max_size=40).map("".join)


@given(sources)
def test_nothing_raises(source: str) -> None:
    """A broken abstract must not stop an import, a page or a mail."""
    plain = latex.to_text(source)

    assert isinstance(plain, str)
    assert all(segment.tex == segment.tex.strip() for segment in latex.segments(source))


@given(st.text(alphabet=st.characters(exclude_characters="\\$^_~{}-`'")))
def test_other_text_is_left_alone(source: str) -> None:
    """Reading LaTeX must not touch what has none."""
    assert latex.to_text(source) == source


@given(sources)
def test_segments_are_normal_unicode_without_marks(source: str) -> None:
    """The reader's own marks never get out."""
    if "\ue000" in source or "\ue001" in source:
        return
    for segment in latex.segments(source):
        assert "\ue000" not in segment.text
        assert "\ue001" not in segment.text
        if segment.kind == "math":
            assert unicodedata.is_normalized("NFC", segment.text)


def test_a_lost_dollar_swallows_no_page() -> None:
    """What two dollars far apart enclose is no formula."""
    source = "$a" + " +b" * latex.MAX_INLINE + "$"

    assert latex.to_text(source) == source


@pytest.mark.parametrize(
    "unit",
    [
        *("{", "}", "$", "$ a ", "^", "_", "~", r"\'", r"\frac", r"\textbf{", r"\sqrt[", r"\href{"),
        *(r"\(", r"$$ ", r"\begin{equation}", r"\cite{", "red{", "xx red{}", r"\log ", "{a", "x^{"),
    ],
)
def test_ten_megabytes_take_seconds_not_hours(unit: str) -> None:
    """Hostile input costs no more per character than ordinary input."""
    source = unit * (10_000_000 // len(unit))
    started = time.process_time()

    latex.to_text(source)

    assert time.process_time() - started < 10
