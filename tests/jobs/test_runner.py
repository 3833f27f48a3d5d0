"""Jobs run in threads of their own; none ends another."""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import dataclass, field
from functools import partial

import pytest

from broadsheet.jobs import runner as runner_room
from broadsheet.jobs.runner import Runner
from tests import support
from tests.support import NOON


@dataclass
class Steps:
    """A job that follows a script: True, False, or an error to raise; then it is idle."""

    script: list[bool | Exception]
    done: threading.Event = field(default_factory=threading.Event)
    ran: int = 0

    def run_once(self) -> bool:
        """Do the next step."""
        self.ran += 1
        step = self.script.pop(0) if self.script else False
        if not self.script:
            self.done.set()
        if isinstance(step, Exception):
            raise step
        return step


def quick(**jobs: Steps) -> Runner:
    """Return a runner that hardly sleeps."""
    return Runner(jobs, now=lambda: NOON, idle_s=0.001, first_pause_s=0.001)


until = partial(support.until, within_s=5.0, pause_s=0.002)


def test_a_job_that_fails_goes_on_and_disturbs_no_other() -> None:
    """One broken job leaves the rest of the house alone."""
    broken = Steps([ValueError("oops"), ValueError("oops"), True])
    sound = Steps([True, True, True])
    runner = quick(broken=broken, sound=sound)
    runner.start()
    assert broken.done.wait(5)
    assert sound.done.wait(5)
    until(lambda: [one.steps for one in runner.status()] == [1, 3])

    assert runner.stop()
    assert [(one.name, one.failures, one.error) for one in runner.status()] == [
        ("broken", 0, ""),
        ("sound", 0, ""),
    ]


def test_the_last_error_can_be_seen() -> None:
    """What fails says so on the status page."""
    runner = quick(job=Steps([ValueError("no disk")] * 1000))
    runner.start()
    until(lambda: runner.status()[0].failures > 1)
    [told] = runner.status()
    runner.stop()

    assert (told.error, told.failed, told.is_running) == ("ValueError: no disk", NOON, True)
    assert not runner.status()[0].is_running


def test_pauses_double_up_to_five_minutes() -> None:
    """A fault that stays is not tried a thousand times."""
    runner = Runner({"job": Steps([])})
    pauses = [runner._note_failure("job", ValueError("x")) for _ in range(30)]

    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert pauses[-1] == runner_room.LONGEST_PAUSE_S
    assert runner.status()[0].failed is not None


def test_an_idle_job_sleeps() -> None:
    """Nothing to do costs nothing."""
    job = Steps([])
    runner = Runner({"job": job}, idle_s=30.0)
    runner.start()
    assert job.done.wait(5)
    started = time.monotonic()

    assert runner.stop()
    assert job.ran == 1
    assert time.monotonic() - started < 5


def test_a_job_that_hangs_does_not_hold_up_the_end() -> None:
    """A stop takes seconds, whatever a job does."""
    free = threading.Event()

    class Hanging:
        def run_once(self) -> bool:
            """Wait for the end of the test."""
            free.wait(10)
            return False

    runner = Runner({"hangs": Hanging()})
    runner.start()

    assert not runner.stop(timeout_s=0.05)
    free.set()
    assert runner.stop()


def test_starting_twice_runs_each_job_once() -> None:
    """A second start does no harm, and after a stop it starts again."""
    job = Steps([])
    runner = quick(job=job)
    runner.start()
    before = runner._threads["job"]
    runner.start()
    assert runner._threads["job"] is before
    runner.stop()
    runner.start()

    assert runner.status()[0].is_running
    assert runner.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities per thread")
def test_a_job_may_give_way_to_the_others() -> None:
    """By its own thread alone: what started it goes on as before."""
    found: dict[str, int] = {}

    class Told:
        def __init__(self, name: str) -> None:
            self.name = name

        def run_once(self) -> bool:
            found[self.name] = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
            return False

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    runner = Runner({name: Told(name) for name in ("first", "last")}, last=["last"])
    runner.start()
    until(lambda: len(found) == 2)
    runner.stop()

    assert found == {"first": before, "last": runner_room.NICEST}
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
