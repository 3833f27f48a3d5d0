"""What does this LaTeX command look like? Tables from command names to Unicode."""
# ruff: noqa: RUF001  # letters that look like others are the point of these tables

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SUPERSCRIPTS = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ",
        strict=True,
    )
)
SUBSCRIPTS = dict(
    zip(
        "0123456789+-−=()aehijklmnoprstuvx",
        "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ",
        strict=True,
    )
)
# Raised forms that are characters of their own, whatever stands around them.
RAISED = {"*": "*", "∘": "°", "°": "°", "′": "′", "'": "′", "†": "†", "‡": "‡", "⊤": "ᵀ", "′′": "″"}

ACCENTS = {
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    '"': "\u0308",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    "c": "\u0327",
    "v": "\u030c",
    "u": "\u0306",
    "H": "\u030b",
    "k": "\u0328",
    "r": "\u030a",
    "d": "\u0323",
    "b": "\u0331",
    "t": "\u0361",
}
MATH_ACCENTS = {
    "hat": "\u0302",
    "widehat": "\u0302",
    "tilde": "\u0303",
    "widetilde": "\u0303",
    "bar": "\u0304",
    "overline": "\u0304",
    "dot": "\u0307",
    "ddot": "\u0308",
    "vec": "\u20d7",
    "acute": "\u0301",
    "grave": "\u0300",
    "check": "\u030c",
    "breve": "\u0306",
    "mathring": "\u030a",
}
BLACKBOARD = dict(
    zip(
        "CHNPQRZABDEFGIJKLMOSTUVWXY1",
        "ℂℍℕℙℚℝℤ𝔸𝔹𝔻𝔼𝔽𝔾𝕀𝕁𝕂𝕃𝕄𝕆𝕊𝕋𝕌𝕍𝕎𝕏𝕐𝟙",
        strict=True,
    )
)
# Upright names; a blank keeps them from what stands beside them: "n log n".
FUNCTIONS = _words(
    "arccos arcsin arctan arg argmax argmin cos cosh cot coth csc deg det diag dim dom erf exp gcd "
    "hom inf ker lcm lg lim liminf limsup ln log max min mod polylog poly Pr rank sec sgn sign sin "
    "sinh softmax sup tan tanh tr Tr bmod"
)
# These stand between two things: a blank on each side.
RELATIONS = frozenset("=≠≡≈≃≅∼≤≥⩽⩾≦≧<>≪≫≲≳≺≻⊂⊃⊆⊇⊊⊋∈∉∋∝→←↔⇒⇐⇔↦⟶⟵⟹⟸⟺↪⊢⊨⊥≔≜∧∨∪∩⊕⊗±∓")

# Commands whose arguments are shown as they are, with nothing else to say.
WRAPPERS = _words(
    "textbf textit textrm textsf texttt textsc textsl textup textmd textnormal emph underline "
    "uline mbox hbox fbox text mathrm mathbf mathit mathsf mathtt mathnormal mathcal mathscr "
    "mathfrak boldsymbol bm pmb operatorname ensuremath overbrace underbrace boxed "
    "mathop mathbin mathrel mathord mathinner smash centerline enquote textquote "
    "uppercase lowercase MakeUppercase MakeLowercase title section subsection paragraph "
    "textsuperscript textsubscript footnote caption hl st sout noindent"
)
# Switches of size, shape and place: nothing is shown for them.
SILENT = _words(
    "bf it em rm sf tt sc sl bfseries itshape upshape mdseries ttfamily sffamily rmfamily scshape "
    "normalfont tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge left "
    "right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm Bigm xspace "
    "displaystyle textstyle scriptstyle scriptscriptstyle limits nolimits nonumber notag centering "
    "par null protect relax displaylimits allowbreak newline linebreak maketitle hfill vfill "
    "smallskip medskip bigskip newpage clearpage strut"
)
# Commands that take this many arguments and show none of them.
HIDDEN = {
    "label": 1,
    "phantom": 1,
    "vphantom": 1,
    "ref": 1,
    "eqref": 1,
    "autoref": 1,
    "cref": 1,
    "Cref": 1,
    "cite": 1,
    "citep": 1,
    "citet": 1,
    "citeauthor": 1,
    "citeyear": 1,
    "citealp": 1,
    "nocite": 1,
    "color": 1,
    "hspace": 1,
    "vspace": 1,
    "begin": 1,
    "end": 1,
    "includegraphics": 1,
    "bibliographystyle": 1,
    "bibliography": 1,
    "pagestyle": 1,
    "thispagestyle": 1,
    "usepackage": 1,
    "tag": 1,
    "input": 1,
    "setlength": 2,
    "definecolor": 3,
}
# Own choices where the general tables say nothing, or something less readable.
_OWN = {
    "ldots": "…",
    "dots": "…",
    "cdots": "…",
    "textellipsis": "…",
    "item": " • ",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "BibTeX": "BibTeX",
    "quad": " ",
    "qquad": " ",
    "enspace": " ",
    "thinspace": " ",
    "space": " ",
    "nobreakspace": " ",
    "P": "¶",
    "S": "§",
    "copyright": "©",
    "pounds": "£",
    "euro": "€",
    "EUR": "€",
    "degree": "°",
    "prime": "′",
    "to": "→",
    "gets": "←",
    "implies": "⟹",
    "iff": "⟺",
    "land": "∧",
    "lor": "∨",
    "lnot": "¬",
    "neg": "¬",
    "top": "⊤",
    "bot": "⊥",
    "ne": "≠",
    "colon": ":",
    "lbrace": "{",
    "rbrace": "}",
    "lbrack": "[",
    "rbrack": "]",
    "lfloor": "⌊",
    "rfloor": "⌋",
    "lceil": "⌈",
    "rceil": "⌉",
    "star": "⋆",
    "ast": "*",
    "mid": "|",
    "vert": "|",
    "lvert": "|",
    "rvert": "|",
    "backslash": "\\",
    "textbackslash": "\\",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textunderscore": "_",
    "textbar": "|",
    "textless": "<",
    "textgreater": ">",
    "epsilon": "ε",
    "phi": "φ",
    "checkmark": "✓",
    "triangleq": "≜",
    "coloneqq": "≔",
    "mapsto": "↦",
    "leftrightarrow": "↔",
    "Rightarrow": "⇒",
    "Leftarrow": "⇐",
    "Leftrightarrow": "⇔",
    "hookrightarrow": "↪",
    "varnothing": "∅",
    "sqcup": "⊔",
    "sqcap": "⊓",
    "lesssim": "≲",
    "gtrsim": "≳",
    "degrees": "°",
    "slash": "/",
    "lt": "<",
    "gt": ">",
    "textquotesingle": "'",
}
_NOT_TAKEN = frozenset({"today", "hspace", "vspace"})


@cache
def commands() -> Mapping[str, str]:
    """Return what each command of one symbol is in Unicode; made once, from pylatexenc's tables."""
    from pylatexenc.latex2text import get_default_latex_context_db

    specs = get_default_latex_context_db().iter_macro_specs()
    known = {
        spec.macroname: spec.simplify_repl
        for spec in specs
        if isinstance(spec.simplify_repl, str)
        and spec.macroname.isalpha()
        and "%" not in spec.simplify_repl
        and spec.macroname not in _NOT_TAKEN
    }
    return known | _OWN
