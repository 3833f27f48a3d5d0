from __future__ import annotations

import subprocess
import sys

import pytest

from broadsheet.eval.memory import peak_bytes

LARGE = 300_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands a peak down")
def test_the_peak_is_of_this_program_not_of_who_started_it() -> None:
    """A library of 100,000 was said to take 710 MB: that was the bench that had made it."""
    program = "from broadsheet.eval.memory import peak_bytes; print(peak_bytes())"
    held = b"x" * LARGE
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert len(held) <= peak_bytes()
    assert 1_000_000 < int(done.stdout) < LARGE
