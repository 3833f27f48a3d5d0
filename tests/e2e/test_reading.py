"""Somebody reads: with mouse, keyboard, without script, at night, on a phone."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from broadsheet.model import Fault
from tests.e2e.conftest import serving
from tests.support import NOON

if TYPE_CHECKING:
    from broadsheet.library import Library
    from tests.e2e.conftest import Watched

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAPER = "/papers/specimen:folding-in-the-dark"
FORMULAS = "/papers/specimen:front-page-problem"
LIMIT = 100_000  # bytes that a first page may transfer, fonts not counted
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

PHONE_RULES = ["color-contrast", "target-size", "scrollable-region-focusable"]


def test_a_reader_finds_and_opens_a_paper(window: Watched) -> None:
    """From the front page over a search to a paper, its shelf and back."""
    page = window.open("/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("2026")
    expect(page.get_by_text("Specimen edition.")).to_be_visible()

    page.get_by_role("combobox").fill("sparse models")
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_have_count(3)
    expect(page.locator("mark").first).to_be_visible()

    title = page.locator(".hit h2 a").first
    name = title.inner_text()
    title.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_role("heading", name="Similar papers")).to_be_visible()


def test_the_box_completes_what_is_typed(window: Watched) -> None:
    """By keyboard alone, and as assistive technology is told: a combobox with a list."""
    page = window.open("/")
    expect(page.locator(".bar .offers")).to_be_hidden()

    page = window.open("/papers")
    box = page.get_by_role("combobox")
    options = page.get_by_role("option")
    expect(box).to_have_attribute("aria-expanded", "false")

    box.press_sequentially("sparse")
    expect(options.first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    assert Axe().run(page, options={"runOnly": AXE_RULES}).violations_count == 0
    box.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", options.first.get_attribute("id") or "")
    box.press("Escape")
    expect(options).to_have_count(0)
    expect(box).to_be_focused()
    expect(box).to_have_value("sparse")

    box.press_sequentially(" ")
    expect(options.first).to_be_visible()
    box.press("ArrowDown")
    box.press("Enter")
    expect(page).not_to_have_url(f"{window.address}/papers")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_earlier_searches_are_offered_and_forgotten(window: Watched) -> None:
    """They stay in this browser; an empty box shows them."""
    page = window.open("/papers")
    page.get_by_role("combobox").fill("soap films")
    page.keyboard.press("Enter")
    expect(page.locator(".chip").first).to_be_visible()

    window.open("/papers")
    page.get_by_role("combobox").focus()
    expect(page.get_by_role("option").first).to_contain_text("soap films")
    page.get_by_role("option", name="Forget these searches").click()
    page.get_by_role("combobox").blur()
    page.get_by_role("combobox").focus()
    expect(page.get_by_role("option")).to_have_count(0)


def test_a_vote_changes_the_button_in_place(window: Watched) -> None:
    """The button is pressed, says so, keeps the focus, and can be taken back."""
    page = window.open("/")
    button = page.locator("article.lead button.vote")
    before = int(button.inner_text())

    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_have_text(str(before + 1))
    expect(page.locator("#said")).to_have_text("Voted.")
    expect(button).to_be_focused()

    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(button).to_have_text(str(before))


def test_the_keyboard_is_enough(window: Watched) -> None:
    """Moving, saving, voting, help, searching, opening, turning the page: no mouse anywhere."""
    page = window.open("/")
    titles = page.locator("[data-paper] :is(h2, h3) a")
    page.keyboard.press("j")
    expect(titles.nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(titles.nth(1)).to_be_focused()

    page.keyboard.press("s")
    saved = page.locator("[data-paper]").nth(1).locator("button.save")
    expect(saved).to_have_text("saved")
    saved.click()
    expect(saved).to_have_text("save")

    page.keyboard.press("v")
    voted = page.locator("[data-paper]").nth(1).locator("button.vote")
    expect(voted).to_have_attribute("aria-pressed", "true")
    voted.click()
    expect(voted).to_have_attribute("aria-pressed", "false")

    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("jk?")
    expect(page.get_by_role("combobox")).to_have_value("jk?")
    page.keyboard.press("Escape")

    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/papers/date/*")
    page.keyboard.press("j")
    name = page.locator("[data-paper] :is(h2, h3) a").first.inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_the_night_is_chosen_and_kept(window: Watched) -> None:
    """The switch wins over the system and survives the next page."""
    page = window.open("/feeds")
    assert page.evaluate("getComputedStyle(document.body).colorScheme") in {"light dark", "normal"}
    page.get_by_label("night").check()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")

    window.open("/status")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    page.get_by_label("as the system").check()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark


def test_the_chosen_view_is_kept(window: Watched) -> None:
    """Titles only, here and on the next list."""
    page = window.open("/papers/week")
    page.locator(".pick label", has_text="Titles").click()
    expect(page.locator(".row .gist").first).to_be_hidden()

    window.open("/papers/trending")
    expect(page.locator(".row .gist").first).to_be_hidden()


def test_formulas_are_set(window: Watched) -> None:
    """KaTeX replaces the plain text under the strict policy, without a complaint."""
    page = window.open(FORMULAS)

    expect(page.locator(".abstract .katex").first).to_be_visible()
    assert page.locator(".abstract .katex-error").count() == 0


def test_all_of_it_works_without_script(plain_window: Watched) -> None:
    """Reading, searching, filtering, voting, saving and the views need no JavaScript."""
    page = plain_window.open("/")
    button = page.locator("article.lead button.vote")
    before = int(button.inner_text())
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_have_text(str(before + 1))
    button.click()
    expect(button).to_have_text(str(before))

    page.locator(".pick label", has_text="Titles").click()
    expect(page.locator(".row .gist").first).to_be_hidden()
    expect(page.locator("#theme")).to_be_hidden()

    page.get_by_role("searchbox").fill("sparse models")
    page.get_by_role("button", name="Search").click()
    page.locator('.filters input[name="has"][value="code"]').check()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".chip", has_text="code")).to_be_visible()
    page.get_by_label("Drop with code").click()
    expect(page.locator(".chip", has_text="code")).to_have_count(0)

    page.locator(".hit h2 a").first.click()
    page.get_by_label("Save to the shelf").fill("Seminar")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Seminar")).to_be_visible()
    page.get_by_role("button", name="Take it off the shelf Seminar").click()
    expect(page.get_by_role("link", name="Seminar")).to_have_count(0)

    plain_window.open(FORMULAS)
    expect(page.locator(".abstract")).to_contain_text("∑")


@pytest.mark.parametrize(
    ("path", "is_error"),
    [
        pytest.param("/", False, id="the edition"),
        pytest.param("/papers/date/2020-01-04", False, id="an empty day"),
        pytest.param("/papers?q=sparse+models", False, id="a search"),
        pytest.param("/papers", False, id="how to ask"),
        pytest.param(PAPER, False, id="a paper"),
        pytest.param("/papers/trending", False, id="trending"),
        pytest.param("/topics", False, id="topics"),
        pytest.param("/shelves", False, id="shelves"),
        pytest.param("/status", False, id="the status"),
        pytest.param("/about/ranking", False, id="the ranking"),
        pytest.param("/feeds", False, id="the feeds"),
        pytest.param("/subscribe", False, id="the subscription"),
        pytest.param("/papers/date/2026-02-30", True, id="an error"),
    ],
)
def test_no_page_shuts_anybody_out(
    window: Watched, short_address: str, path: str, *, is_error: bool
) -> None:
    """Axe finds nothing: by day on a wide screen, and what differs at night on a phone."""
    window.address = short_address
    assert_it_shuts_nobody_out(window, path)
    if is_error:
        window.complaints.clear()  # the browser notes the status of the page itself


def test_the_quarantine_shuts_nobody_out(window: Watched, library: Library) -> None:
    """Long places and hostile pieces too, folded and unfolded."""
    faults = [
        Fault(source=source, where=f"line {source * 30}", reason="no title", raw="<&>" * 900)
        for source in ("daily", "feed-journal.example")
    ]
    with library.store.write() as writer:
        writer.quarantine(faults, at=NOON)
    assert_it_shuts_nobody_out(window, "/admin/quarantine")
    window.page.locator("summary").first.click()
    assert Axe().run(window.page, options={"runOnly": AXE_RULES}).violations_count == 0
    window.page.get_by_role("button", name="Forget").first.click()
    expect(window.page.get_by_role("heading", level=1)).to_have_text("1 piece could not be read")
    window.page.get_by_role("button", name="Forget").first.click()
    expect(window.page.get_by_role("heading", level=1)).to_have_text("Nothing is in quarantine")


def assert_it_shuts_nobody_out(window: Watched, path: str) -> None:
    """Axe finds nothing, and nothing is wider than a phone."""
    page = window.open(path)
    by_day = Axe().run(page, options={"runOnly": AXE_RULES})
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 800})
    width = page.evaluate("document.documentElement.scrollWidth")
    by_night = Axe().run(page, options={"runOnly": {"type": "rule", "values": PHONE_RULES}})

    assert by_day.response["violations"] == []
    assert by_night.response["violations"] == []
    assert width <= 390


WIDTHS = """() => [...document.querySelectorAll(".wide")].flatMap((region) => [
  region.scrollWidth - region.clientWidth,
  ...[...region.querySelectorAll("td.note")].map((cell) => 100 - cell.clientWidth),
])"""
"""How far each table sticks out, and how far a cell with words in it falls short of 100 px."""


@pytest.mark.parametrize("width", [1280, 390])
def test_long_names_of_sources_leave_room_for_words(
    window: Watched, library: Library, width: int
) -> None:
    """The address of a feed is a name; states and reasons must not be pushed aside by it."""
    address = f"https://journal.example/{'publications/' * 6}current/feed.atom?format=full"
    other = copy(library)
    other.settings = replace(library.settings, sources=f"arxiv, {address}")
    with serving(other) as window.address:
        window.page.set_viewport_size({"width": width, "height": 900})
        page = window.open("/status")
        expect(page.get_by_role("rowheader", name=address)).to_be_visible()
        too_wide = page.evaluate(WIDTHS)

    assert max(too_wide) <= 0


@pytest.mark.parametrize("path", ["/", "/papers/month", "/papers?q=models"])
def test_a_first_page_is_light(window: Watched, path: str) -> None:
    """Everything a first visit transfers, fonts not counted, stays under 100 KB."""
    sizes: dict[str, int] = {}
    session = window.page.context.new_cdp_session(window.page)
    session.send("Network.enable")
    names: dict[str, str] = {}
    session.on(
        "Network.responseReceived",
        lambda event: names.update({event["requestId"]: event["response"]["url"]}),
    )
    session.on(
        "Network.loadingFinished",
        lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}),
    )
    window.open(path)
    window.page.wait_for_load_state("networkidle")

    weight = sum(size for key, size in sizes.items() if ".woff2" not in names.get(key, ""))
    assert 10_000 < weight < LIMIT
