"""Splitting names."""

from __future__ import annotations

import pytest
from hypothesis import given

from broadsheet.publish import names
from tests.support_papers import texts


@pytest.mark.parametrize(
    ("name", "inverted"),
    [
        pytest.param("Ada Lovelace", "Lovelace, Ada", id="two words"),
        pytest.param("Émilie du Châtelet", "du Châtelet, Émilie", id="a particle"),
        pytest.param("Laurens van der Maaten", "van der Maaten, Laurens", id="two particles"),
        pytest.param("Martin Luther King Jr.", "King Jr., Martin Luther", id="a suffix"),
        pytest.param("Martin King, Jr.", "King Jr., Martin", id="a suffix behind a comma"),
        pytest.param("Lovelace, Ada", "Lovelace, Ada", id="inverted already"),
        pytest.param("Plato", "Plato", id="one word"),
        pytest.param("李白", "李白", id="a script without spaces"),
        pytest.param("de Gaulle", "Gaulle, de", id="a particle has no given name to follow"),
        pytest.param("  J.   R.  Doe ", "Doe, J. R.", id="folded"),
        pytest.param("", "", id="nothing"),
        pytest.param(",", ",", id="a comma alone"),
    ],
)
def test_names_split(name: str, inverted: str) -> None:
    """The family name comes first where a format sorts by it."""
    assert names.split(name).inverted == inverted


@given(texts)
def test_no_letter_of_a_name_is_lost(name: str) -> None:
    """Whatever the split, all of the name is still there."""
    found = names.split(name)

    wanted = sorted(name.replace(",", "").replace(" ", ""))
    letters = sorted((found.given + found.family).replace(",", "").replace(" ", ""))
    assert letters == sorted("".join("".join(wanted).split())) or not name.strip(", ")
