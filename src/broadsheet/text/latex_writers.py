"""How is one stretch of LaTeX read aloud? The writers behind ``text.latex``: text, and formulas."""
# ruff: noqa: RUF001  # primes and dashes are what it writes

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from functools import lru_cache
from typing import TYPE_CHECKING

from broadsheet.text import symbols

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_DEPTH = 40
"""Braces nested deeper are dropped, their content kept."""

_PIECE = re.compile(
    r"\\(?:[a-zA-Z]+\*?|.)|https?://[^\s\\{}$<>\"]+|---?|``|''"
    r"|(?:[^\\{}^_~$&\-`'h]+|h(?!ttps?://))+|.",
    re.DOTALL,
)
_THIN = "\ue000"  # a blank that is shown only between two words
_GONE = "\ue001"  # a reference stood here; blanks before it go when punctuation follows
_THIN_SHOWN = re.compile(
    rf"(?<=[\w)\]}}|′″]){_THIN}\s*(?=[^\s(\[{{,.;:)\]}}^_])|{_THIN}\s*(?=[\w√⟨‖|])"
)
_GONE_SHOWN = re.compile(rf"\s*{_GONE}(?=[\s,.;:!?)]|\Z)|{_GONE}")
_SPACES = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
_SIMPLE = re.compile(r"[\w.]+|\W")
_RAISED_PLAIN = re.compile(r"[-+]?\d+|[A-Za-z]|\*")
_LOWERED_PLAIN = re.compile(r"\d{1,3}(?![\da-z_]|\.\d)")
_LONE_LETTER = re.compile(r"(?:^|[^\w.@/])[A-Za-z]\Z")
# What is left of "\textcolor{red}{word}" where a page has lost its backslashes: "red{word}".
_COLOUR = re.compile(r"\b(?:black|blue|brown|cyan|gr[ae]y|green|magenta|orange|purple|red|teal)\Z")
_COLOUR_LENGTH = 10
_MAX_OPTION = 80
_LETTERS_RAISED = 2  # more letters are a word, and stay legible as "x^new"
_SHORT = 40  # characters of a formula that is remembered: ``n``, ``O(n \log n)``

MARKS = ("\\", "$", "^", "_", "~", "{", "}", "--", "``", "''")
"""What LaTeX has and plain text has not."""


def is_marked(source: str) -> bool:
    """Tell whether anything may be LaTeX: ten searches for a string are quicker than one regex."""
    return any(mark in source for mark in MARKS)


def text(source: str) -> str:
    """Return LaTeX text as plain Unicode."""
    if not is_marked(source):  # between two formulas
        return tidy(source)
    return tidy(_TextWriter(_Reader(source), depth=0).write())


def math(source: str) -> str:
    """Return a formula, without its delimiters, as plain Unicode on one line."""
    return _short_formula(source) if len(source) <= _SHORT else _formula(source)


def _formula(source: str) -> str:
    return " ".join(tidy(_MathWriter(_Reader(source), depth=0).write()).split())


_short_formula = lru_cache(maxsize=16_384)(_formula)  # some 3 MB: half of them come again


def tidy(written: str) -> str:
    """Return what a writer wrote, its marks turned into blanks or nothing, accents composed."""
    if _GONE in written:
        written = _GONE_SHOWN.sub("", written)
    if _THIN in written:
        written = _THIN_SHOWN.sub(" ", written).replace(_THIN, "")
    if "  " in written or not written.isprintable():
        written = _SPACES.sub(" ", written)
    return unicodedata.normalize("NFC", written)


class _Reader:
    """A place in a list of pieces, none of them empty."""

    def __init__(self, source: str) -> None:
        self.pieces: list[str] = _PIECE.findall(source)
        self.at = 0

    def peek(self) -> str:
        """Return the next piece, or nothing at the end."""
        return self.pieces[self.at] if self.at < len(self.pieces) else ""

    def take(self) -> str:
        """Return the next piece and pass over it."""
        piece = self.peek()
        self.at += 1
        return piece

    def put_back(self, rest: str) -> None:
        """Leave the rest of the piece that was taken last to be read next."""
        if rest:
            self.at -= 1
            self.pieces[self.at] = rest

    def skip_space(self) -> None:
        """Pass over blanks, as before an argument."""
        while (piece := self.peek()) and piece[0].isspace():
            self.at += 1
            self.put_back(piece.lstrip())

    def letter(self) -> str:
        """Take one character, or one command."""
        piece = self.take()
        if piece and piece[0] != "\\":
            self.put_back(piece[1:])
            return piece[0]
        return piece

    def option(self) -> str:
        """Take ``[...]`` when it is next and short; return what it says."""
        if not self.peek().startswith("["):
            return ""
        said = ""
        for at in range(self.at, min(self.at + _MAX_OPTION, len(self.pieces))):
            said += self.pieces[at]
            if "]" in said or len(said) > _MAX_OPTION:
                break
        end = said.find("]")
        if not 0 < end <= _MAX_OPTION:
            return ""
        self.at = at + 1
        self.put_back(said[end + 1 :])
        return said[1:end]

    def raw_group(self) -> str:
        """Take the next group as it stands, without its braces; one character without any."""
        self.skip_space()
        if self.peek() != "{":
            return self.letter()
        self.at += 1
        start, open_braces = self.at, 1
        while self.at < len(self.pieces):
            piece = self.take()
            open_braces += (piece == "{") - (piece == "}")
            if not open_braces:
                return "".join(self.pieces[start : self.at - 1])
        return "".join(self.pieces[start : self.at])


class _Writer(ABC):
    """Writes what a reader reads, to the end of the group it is in."""

    def __init__(self, reader: _Reader, *, depth: int) -> None:
        self.reader = reader
        self.depth = depth
        self.out: list[str] = []

    def write(self) -> str:
        """Write until the brace that closes this group, or the end."""
        while piece := self.reader.take():
            if piece == "}":
                if self.depth:
                    break
            elif piece == "{":
                self.group()
            elif piece[0] == "\\" and len(piece) > 1:
                self.command(piece[1:])
            elif piece in {"^", "_"}:
                self.script(piece)
            else:
                self.plain(piece)
        return "".join(self.out)

    @abstractmethod
    def plain(self, piece: str) -> None:
        """Write what is no command."""

    @abstractmethod
    def script(self, mark: str) -> None:
        """Write a superscript or a subscript."""

    @abstractmethod
    def symbol(self, value: str) -> None:
        """Write the symbol that a command stands for."""

    def group(self) -> None:
        """Write the group whose opening brace was just read."""
        self.put(self.inner())

    def inner(self) -> str:
        """Return the content of the group whose opening brace was just read."""
        if self.depth >= MAX_DEPTH:
            return ""
        return type(self)(self.reader, depth=self.depth + 1).write()

    def argument(self) -> str:
        """Return the next argument as written: a group, a command or one character."""
        self.reader.skip_space()
        piece = self.reader.letter()
        if piece == "{":
            return self.inner()
        if piece == "}":
            self.reader.put_back(piece)
            return ""
        if len(piece) < 2 or self.depth >= MAX_DEPTH:  # noqa: PLR2004  # no command
            return piece
        writer = type(self)(self.reader, depth=self.depth + 1)
        writer.command(piece[1:])
        return "".join(writer.out)

    def has_group(self) -> bool:
        """Tell whether a group is next, blanks aside; passes over the blanks if so."""
        reader = self.reader
        if reader.peek() == "{":
            return True
        if reader.peek().isspace() and reader.pieces[reader.at + 1 : reader.at + 2] == ["{"]:
            reader.at += 1
            return True
        return False

    def command(self, name: str) -> None:
        """Write a command; its name comes without the backslash."""
        name = name.rstrip("*") or name
        if not name.isalpha():
            self.escape(name)
        elif name in _STRUCTURES:
            _STRUCTURES[name](self)
        elif name in symbols.HIDDEN:
            self.hidden(symbols.HIDDEN[name])
        elif name in symbols.WRAPPERS:
            if self.has_group():
                self.put(self.argument())
        elif name in symbols.SILENT:
            self.silent(name)
        elif name in symbols.FUNCTIONS:
            self.out += (_THIN, name, _THIN)
        else:
            self.named(name)

    def named(self, name: str) -> None:
        """Write an accent, a symbol, or a command that nobody knows."""
        if name in symbols.ACCENTS and self.reader.peek()[:1] in {"{", " "}:
            self.accent(symbols.ACCENTS[name])
        elif (value := symbols.commands().get(name)) is not None:
            self.symbol(value)
        elif self.has_group():
            self.put(self.argument() or name)
        else:
            self.put(name)

    def escape(self, mark: str) -> None:
        """Write a command of one sign: an accent, a blank, or the sign itself."""
        if mark in symbols.ACCENTS:
            self.accent(symbols.ACCENTS[mark], sign=mark)
        elif mark in ",;: \n\t\\":
            self.put(" ")
        elif mark not in "!-/@":
            self.put("‖" if mark == "|" else mark)

    def accent(self, combining: str, *, sign: str = "") -> None:
        """Write the next letter with an accent; without a letter the sign alone."""
        reader = self.reader
        if sign == "'" and self.tail(1).isalpha() and re.match(r"[st](?!\w)", reader.peek()):
            self.put("'")  # "Alzheimer\'s" from a program that escaped its quotes
            return
        if sign and reader.peek()[:1].isspace():
            self.put(sign)
            return
        letter = self.argument().replace("ı", "i", 1).replace("ȷ", "j", 1)
        is_letter = letter[:1].isalpha()
        self.put(letter[:1] + combining + letter[1:] if is_letter else sign + letter)

    def silent(self, name: str) -> None:
        """Pass over a switch and, as TeX does, the blanks behind it."""
        if name in {"left", "right"} and self.reader.peek().startswith("."):
            self.reader.letter()
        elif name != "xspace":
            self.reader.skip_space()

    def hidden(self, arguments: int) -> None:
        """Pass over a command with its arguments."""
        self.reader.option()
        for _ in range(arguments):
            if self.has_group():
                self.reader.raw_group()
        self.put(_GONE)

    def put(self, piece: str) -> None:
        """Write a piece; none is empty, so that `tail` finds its characters at once."""
        if piece:
            self.out.append(piece)

    def tail(self, length: int) -> str:
        """Return the last characters written."""
        found = ""
        for piece in reversed(self.out):
            found = piece[-length:] + found
            if len(found) >= length:
                break
        return found[-length:]

    def shifted(self, mark: str, content: str) -> str:
        """Return content as superscript or subscript characters, or after its mark."""
        content = content.strip().replace(_THIN, "")
        if mark == "^" and content in symbols.RAISED:
            return symbols.RAISED[content]
        table = symbols.SUPERSCRIPTS if mark == "^" else symbols.SUBSCRIPTS
        letters = sum(map(str.isalpha, content))
        if letters <= _LETTERS_RAISED and all(letter in table for letter in content):
            return "".join(table[letter] for letter in content)
        return mark + content if _SIMPLE.fullmatch(content) else f"{mark}({content})"

    def fraction(self) -> None:
        """Write ``a/b``, in brackets where a side has more than one part."""
        above, below = self.argument().strip(), self.argument().strip()
        self.put(f"{_bracketed(above)}/{_bracketed(below)}")

    def binomial(self) -> None:
        """Write ``(a choose b)``."""
        self.put(f"({self.argument().strip()} choose {self.argument().strip()})")

    def root(self) -> None:
        """Write ``√x``, with its degree raised before it."""
        degree = self.reader.option()
        raised = self.shifted("^", degree) if degree else ""
        self.put(f"{raised}√{_bracketed(self.argument().strip())}")

    def blackboard(self) -> None:
        """Write double-struck letters."""
        content = self.argument()
        self.put("".join(symbols.BLACKBOARD.get(letter, letter) for letter in content))

    def negated(self) -> None:
        """Write the next sign struck through."""
        self.put(self.argument().strip() + "\u0338")

    def link(self) -> None:
        """Write what a link says, not where it leads."""
        self.reader.raw_group()
        self.put(self.argument())

    def address(self) -> None:
        """Write an address as it stands."""
        self.put(re.sub(r"\\([_%&#~$])", r"\1", self.reader.raw_group()))

    def second(self) -> None:
        """Write the second of two arguments."""
        self.reader.option()
        self.reader.raw_group()
        if self.has_group():
            self.put(self.argument())

    def quoted_text(self) -> None:
        """Write an argument that is text, also inside a formula."""
        if self.has_group() and self.depth < MAX_DEPTH:
            self.reader.take()
            self.put(_TextWriter(self.reader, depth=self.depth + 1).write())

    def formula(self) -> None:
        """Write an argument that is a formula, also inside text."""
        if self.has_group() and self.depth < MAX_DEPTH:
            self.reader.take()
            self.put(_MathWriter(self.reader, depth=self.depth + 1).write())

    def operator(self) -> None:
        """Write an upright name with room on both sides."""
        self.out += (_THIN, self.argument() or _THIN, _THIN)


class _TextWriter(_Writer):
    """Text: most signs stand for themselves."""

    def plain(self, piece: str) -> None:
        """Write text; dashes and quotes as they are meant, ties as blanks."""
        if piece == "~":
            before, after = self.tail(1), self.reader.peek()[:1]
            is_tie = before and not before.isspace() and before not in "(/[" and after.strip()
            is_range = before.isdigit() and after.isdigit()
            self.put(" " if is_tie and not is_range else "~")
        elif piece == "--":
            before, after = self.tail(1), self.reader.peek()[:1]
            is_option = (not before or before.isspace()) and after.isalpha()
            self.put("--" if is_option else "–")
        else:
            self.put({"---": "—", "``": "“", "''": "”"}.get(piece, piece))

    def group(self) -> None:
        """Write a group; braces that list things ("{a, b}") are kept."""
        colour = _COLOUR.search(self.out[-1][-_COLOUR_LENGTH:]) if self.out else None
        if colour:
            self.put(self.out.pop()[: -len(colour[0])])
        before, first = self.tail(1), self.reader.peek()
        content = self.inner()
        is_list = not colour and not before.isalnum() and first[:1] != "\\"
        if is_list and any(mark in content for mark in ',:;"|='):
            content = f"{{{content}}}"
        self.put(content)

    def symbol(self, value: str) -> None:
        """Write a symbol; a Latin letter is part of the word that goes on behind it."""
        self.put(value)
        if value.isalpha() and value < "\u0370":
            self.reader.skip_space()

    def script(self, mark: str) -> None:
        """Write ``MHC^3`` and ``H_2O`` as they are meant, ``snake_case`` as it is."""
        reader, before = self.reader, self.tail(1)
        if reader.peek() == "{" and (before.isalnum() or before in ")]}"):
            reader.take()
            self.put(self.shifted(mark, self.inner()))
            return
        content = self.raised() if mark == "^" else self.lowered()
        self.put(self.shifted(mark, content) if content else mark)

    def raised(self) -> str:
        """Take what a bare ``^`` raises: a number with its sign, a letter."""
        before = self.tail(1)
        if not (before.isalnum() or before in set(")]")):
            return ""
        reader = self.reader
        sign = reader.take() if reader.peek() == "-" else ""
        found = _RAISED_PLAIN.match(reader.peek())
        if not found:
            reader.put_back(sign)
            return ""
        reader.put_back(reader.take()[found.end() :])
        return sign + found[0]

    def lowered(self) -> str:
        """Take what a bare ``_`` lowers: a number behind a letter that stands alone."""
        reader = self.reader
        found = _LOWERED_PLAIN.match(reader.peek())
        if not found or not _LONE_LETTER.search(self.tail(2)):
            return ""
        reader.put_back(reader.take()[found.end() :])
        return found[0]


class _MathWriter(_Writer):
    """A formula: letters touch, relations stand free."""

    def plain(self, piece: str) -> None:
        """Write signs of a formula; ``'`` is a prime, ``&`` a place in a table."""
        self.put({"~": " ", "&": " ", "'": "′", "''": "″", "$": ""}.get(piece, piece))

    def symbol(self, value: str) -> None:
        """Write a symbol; blanks around it are kept only where they are on both sides."""
        if value in symbols.RELATIONS:
            self.put(f" {value} ")
            return
        if value.isalpha() or (self.out and not self.tail(1).isspace()):
            self.reader.skip_space()
        self.put(value)

    def script(self, mark: str) -> None:
        """Write the next argument raised or lowered, close to what it belongs to."""
        is_thin = bool(self.out) and self.out[-1] == _THIN
        if is_thin:
            self.out.pop()
        self.put(self.shifted(mark, self.argument()))
        if is_thin:
            self.put(_THIN)


def _bracketed(part: str) -> str:
    return part if len(part) < 2 or _SIMPLE.fullmatch(part) else f"({part})"  # noqa: PLR2004


def _math_accent(combining: str) -> Callable[[_Writer], None]:
    def write(writer: _Writer) -> None:
        content = writer.argument()
        writer.put(content + combining if len(content) == 1 else content)

    return write


_STRUCTURES = {
    "frac": _Writer.fraction,
    "dfrac": _Writer.fraction,
    "tfrac": _Writer.fraction,
    "nicefrac": _Writer.fraction,
    "sfrac": _Writer.fraction,
    "binom": _Writer.binomial,
    "sqrt": _Writer.root,
    "mathbb": _Writer.blackboard,
    "mathds": _Writer.blackboard,
    "not": _Writer.negated,
    "href": _Writer.link,
    "url": _Writer.address,
    "textcolor": _Writer.second,
    "colorbox": _Writer.second,
    "stackrel": _Writer.second,
    "overset": _Writer.second,
    "underset": _Writer.second,
    "text": _Writer.quoted_text,
    "textbf": _Writer.quoted_text,
    "textit": _Writer.quoted_text,
    "textrm": _Writer.quoted_text,
    "texttt": _Writer.quoted_text,
    "textsc": _Writer.quoted_text,
    "mbox": _Writer.quoted_text,
    "emph": _Writer.quoted_text,
    "ensuremath": _Writer.formula,
    "operatorname": _Writer.operator,
} | {name: _math_accent(combining) for name, combining in symbols.MATH_ACCENTS.items()}
