"""The canvas with a real mouse and by keyboard: a saga drawn from nothing, and every gesture one step of undo."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.composer.composing import bring, compose, redo_all, root, settle, text_of, undo_all, yaml
from tests.runs.conftest import Visitor

pytestmark = pytest.mark.browser

TRAVEL = """sagasim: 1
name: {name}
steps:
  - name: reserve
    service: trips
    compensation: cancel
  - name: hotel
    service: hotels
    compensation: cancel_hotel
  - name: flight
    service: airline
    compensation: cancel_flight
    after: [reserve]
  - name: capture
    service: payments
    kind: pivot
    after: [hotel, flight]
"""


@pytest.fixture
def trip(page: Page, stage: Visitor, request: pytest.FixtureRequest) -> Page:
    """The composer of a trip with two branches, on its canvas."""
    name = re.sub(r"[^a-z]+", "-", request.node.name)[5:60].strip("-")
    compose(page, stage, bring(stage, TRAVEL.format(name=name)))
    return page


def canvas(page: Page) -> Locator:
    return page.locator(".canvas-stage")


def step(page: Page, name: str) -> Locator:
    return page.locator(f".djs-shape[data-step='{name}']")


def links(page: Page) -> set[str]:
    return {it.get_attribute("data-link") or "" for it in page.locator(".djs-connection[data-link]").all()}


def selected(page: Page) -> list[str | None]:
    return [it.get_attribute("data-step") for it in page.locator(".djs-shape.selected").all()]


def middle(it: Locator) -> tuple[float, float]:
    box = it.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
    page.mouse.move(*end, steps=4)
    page.mouse.up()
    page.wait_for_timeout(450)  # diagram-js swallows the click of a drag for so long


def choose(page: Page, name: str) -> None:
    page.mouse.click(*middle(step(page, name).locator(".outline")))
    expect(step(page, name)).to_have_class(re.compile("selected"))


def port(page: Page, name: str) -> tuple[float, float]:
    """The right edge of a step, which shows where links are drawn out when the mouse is over it."""
    page.mouse.move(*middle(step(page, name).locator(".outline")))
    return middle(step(page, name).locator(".port-dot"))


def drop(page: Page, kind: str, x: float, y: float, name: str) -> None:
    """Drags a kind from the palette to a part of the canvas, and says what the step is called."""
    area = canvas(page).bounding_box()
    assert area
    where = (area["x"] + area["width"] * x, area["y"] + area["height"] * y)
    drag(page, middle(page.locator(f".palette-kind[data-kind={kind}]")), where)
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(step(page, name.replace(" ", "-"))).to_be_visible()


def add_by_key(page: Page, key: str, names: Iterable[str]) -> None:
    for name in names:
        page.keyboard.press(key)
        expect(page.locator(".canvas-naming")).to_be_focused()
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        expect(step(page, name.replace(" ", "-"))).to_be_visible()


def test_a_trip_is_drawn_from_nothing_with_the_mouse_and_undone_to_the_last_byte(page: Page, stage: Visitor):
    compose(page, stage, "/sagas/new")
    blank = text_of(page)
    drop(page, "compensatable", 0.2, 0.3, "reserve trip")
    drop(page, "compensatable", 0.5, 0.2, "book hotel")
    choose(page, "reserve-trip")
    drop(page, "compensatable", 0.5, 0.8, "book flight")
    page.mouse.click(*(each + 12 for each in canvas_corner(page)))
    expect(page.locator(".djs-shape.selected")).to_have_count(0)
    drop(page, "pivot", 0.85, 0.3, "capture")
    for branch in ("book-hotel", "book-flight"):
        drag(page, port(page, branch), middle(step(page, "capture").locator(".outline")))
        expect(page.locator(f"[data-link='{branch}>capture']")).to_be_visible()
    assert links(page) == {
        "reserve-trip>book-hotel",
        "reserve-trip>book-flight",
        "book-hotel>capture",
        "book-flight>capture",
    }
    expect(step(page, "capture").locator(".join-word")).to_have_text("all 2")
    drawn = text_of(page)
    assert "after: [book-hotel, book-flight]" in drawn
    assert drawn.count("after") == 2  # what is the default anyway is not written
    written = settle(page)
    assert undo_all(page) == 10  # four steps, their names, two links
    assert text_of(page) == blank
    assert redo_all(page) == 10
    assert settle(page) == written
    assert text_of(page) == drawn


def canvas_corner(page: Page) -> tuple[float, float]:
    area = canvas(page).bounding_box()
    assert area
    return area["x"], area["y"]


@pytest.mark.slow
def test_the_same_trip_is_drawn_by_keyboard_alone(page: Page, stage: Visitor):
    compose(page, stage, "/sagas/new")
    page.keyboard.press("Alt+1")
    add_by_key(page, "1", ["reserve trip", "book hotel"])
    page.keyboard.press("ArrowLeft")
    assert selected(page) == ["reserve-trip"]
    add_by_key(page, "1", ["book flight"])
    page.keyboard.press("ArrowUp")
    assert selected(page) == ["book-hotel"]
    page.keyboard.press("Control+ArrowDown")
    assert selected(page) == ["book-hotel", "book-flight"]
    add_by_key(page, "2", ["capture"])
    assert links(page) >= {"book-hotel>capture", "book-flight>capture"}
    settle(page)
    page.keyboard.press("c")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.locator(".canvas-said")).to_contain_text("the saga would go round in a circle")
    page.keyboard.press("Escape")
    before = links(page)
    page.keyboard.press("Delete")
    expect(page.locator(".djs-shape")).to_have_count(3)
    page.keyboard.press("Control+z")
    expect(page.locator(".djs-shape")).to_have_count(4)
    assert links(page) == before


@pytest.mark.slow
def test_a_link_that_would_close_a_circle_is_refused_with_a_sentence(trip: Page):
    before = text_of(trip)
    drag(trip, port(trip, "capture"), middle(step(trip, "reserve").locator(".outline")))
    expect(trip.get_by_role("status").filter(has_text="go round in a circle")).to_be_visible()
    drag(trip, port(trip, "capture"), middle(step(trip, "capture").locator(".step-name")))
    expect(trip.locator(".canvas-said")).to_have_text("capture cannot come after itself.")
    assert text_of(trip) == before


@pytest.mark.slow
def test_who_came_after_a_deleted_step_comes_after_what_it_came_after(trip: Page):
    written = settle(trip)
    choose(trip, "hotel")
    trip.keyboard.press("Delete")
    expect(step(trip, "hotel")).to_have_count(0)
    assert links(trip) == {"reserve>flight", "flight>capture", "reserve>capture"}
    assert undo_all(trip) == 1
    assert settle(trip) == written


@pytest.mark.slow
def test_a_link_is_deleted_and_a_step_put_into_one(trip: Page):
    choose_link(trip, "flight>capture")
    trip.keyboard.press("Delete")
    expect(trip.locator("[data-link='flight>capture']")).to_have_count(0)
    choose_link(trip, "hotel>capture")
    trip.locator(".pad-insert").click()
    trip.keyboard.type("check in")
    trip.keyboard.press("Enter")
    expect(step(trip, "check-in")).to_be_visible()
    assert links(trip) == {"reserve>hotel", "reserve>flight", "hotel>check-in", "check-in>capture"}
    trip.keyboard.press("Control+a")
    start = middle(step(trip, "hotel").locator(".outline"))
    drag(trip, start, (start[0] + 20, start[1] + 30))  # what is gone is not dragged along
    assert len(selected(trip)) == 5


def choose_link(page: Page, name: str) -> None:
    """Clicks where the link begins."""
    hit = page.locator(f"[data-link='{name}'] .djs-hit").first
    x, y = hit.evaluate(
        """line => {
            const at = line.getPointAtLength(12).matrixTransform(line.getScreenCTM());
            return [at.x, at.y];
        }"""
    )
    page.mouse.click(x, y)
    expect(page.locator(f"[data-link='{name}']")).to_have_class(re.compile("selected"))


@pytest.mark.slow
def test_moving_steps_changes_no_saga_and_arranging_them_is_one_step_of_undo(trip: Page):
    written, text = settle(trip), text_of(trip)
    places = [step(trip, name).get_attribute("transform") for name in ("hotel", "flight")]
    trip.keyboard.press("Alt+1")
    trip.keyboard.press("Control+a")
    assert len(selected(trip)) == 4
    start = middle(step(trip, "hotel").locator(".outline"))
    drag(trip, start, (start[0] + 60, start[1] + 40))
    for _ in range(4):
        trip.keyboard.press("Shift+ArrowDown")
    moved = [step(trip, name).get_attribute("transform") for name in ("hotel", "flight")]
    assert moved != places
    trip.keyboard.press("l")
    expect(step(trip, "hotel")).to_have_attribute("transform", places[0] or "")
    assert settle(trip) == written
    assert text_of(trip) == text
    trip.keyboard.press("Alt+1")
    trip.keyboard.press("Control+z")
    expect(step(trip, "hotel")).to_have_attribute("transform", moved[0] or "")
    assert undo_all(trip) == 2  # the keys that were held down are one gesture
    expect(step(trip, "hotel")).to_have_attribute("transform", places[0] or "")


@pytest.mark.slow
def test_a_copy_comes_after_the_same_steps_and_a_name_is_said_where_it_stands(trip: Page):
    choose(trip, "hotel")
    trip.keyboard.press("Control+d")
    expect(step(trip, "hotel-2")).to_be_visible()
    assert "reserve>hotel-2" in links(trip)
    trip.wait_for_timeout(450)
    trip.mouse.dblclick(*middle(step(trip, "hotel-2").locator(".step-name")))
    trip.keyboard.type("Rent a car")
    trip.keyboard.press("Enter")
    expect(step(trip, "rent-a-car")).to_be_visible()
    assert selected(trip) == ["rent-a-car"]
    trip.keyboard.press("F2")
    trip.keyboard.type("hotel")
    trip.keyboard.press("Enter")
    expect(trip.locator(".canvas-said")).to_have_text("There is a step hotel already.")
    trip.keyboard.press("Escape")
    expect(step(trip, "rent-a-car")).to_be_visible()


@pytest.mark.slow
def test_wrong_text_keeps_the_last_drawing_says_so_and_marks_the_line(trip: Page):
    trip.keyboard.press("Alt+3")
    editor = trip.locator(".cm-content")
    editor.click()
    trip.keyboard.press("Control+End")
    trip.keyboard.type("  - name: [")
    expect(trip.locator(".cm-lint-marker-error")).to_be_visible()
    trip.keyboard.press("Alt+1")
    expect(trip.locator(".saga-canvas")).to_have_attribute("data-stale", "")
    expect(trip.locator(".canvas-note")).to_contain_text(
        "The drawing of the last text that could be read. Now: "
    )
    expect(trip.locator(".djs-shape")).to_have_count(4)
    undo_all(trip)
    expect(trip.locator(".saga-canvas[data-stale]")).to_have_count(0)
    expect(trip.locator(".canvas-note")).to_be_hidden()


@pytest.mark.slow
def test_the_text_offers_what_can_be_written_and_follows_the_canvas(trip: Page):
    choose(trip, "hotel")
    trip.keyboard.press("Alt+3")
    line = trip.locator(".cm-line", has_text="service: hotels")
    line.click()
    trip.keyboard.press("End")
    trip.keyboard.press("Enter")
    trip.keyboard.type("ki")
    offer = trip.locator(".cm-tooltip-autocomplete")
    expect(offer).to_contain_text("kind")
    expect(trip.locator(".cm-completionInfo")).to_contain_text("go or no-go")
    trip.keyboard.press("Tab")
    trip.keyboard.press("Escape")
    trip.keyboard.press("Control+z")
    expect(trip.locator(".cm-line", has_text=re.compile("^ *kind: *$"))).to_have_count(0)
    settle(trip)
    trip.keyboard.press("Alt+1")
    choose(trip, "flight")
    trip.keyboard.press("Delete")
    trip.keyboard.press("Alt+3")
    expect(trip.locator(".cm-content")).not_to_contain_text("airline")


@pytest.mark.slow
def test_where_the_editor_cannot_be_had_a_plain_field_does_its_work(trip: Page):
    before = text_of(trip)
    trip.route("**/vendor/codemirror*", lambda route: route.abort())
    trip.keyboard.press("Alt+3")
    field = trip.get_by_role("textbox", name="The saga as text")
    expect(field).to_have_value(before)
    field.press("Control+End")
    trip.keyboard.type("  - name: thank")
    expect(step(trip, "thank")).to_have_count(1)
    trip.keyboard.press("Control+z")
    expect(field).to_have_value(before)
    trip.keyboard.type("nonsense: [")
    expect(trip.locator(".saga-text .refusal")).to_contain_text("Line")
    undo_all(trip)
    assert text_of(trip) == before


@pytest.mark.slow
def test_where_one_is_in_a_text_is_known_also_in_a_line_that_is_not_finished(trip: Page):
    """A bar stands for the cursor."""
    places = {
        "steps:\n  - name: a\n    service: b\n  - name: c\n    ki|": ["steps", "[]"],
        "steps:\n- name: a\n  service: b\n- name: c\n  ki|": ["steps", "[]"],
        "steps:\n  - na|": ["steps", "[]"],
        "steps:\n  - name: a\n    # why\n    kind: pi|": ["steps", "[]", "kind"],
        "steps:\n  - {name: a, after: [b, c|": ["steps", "[]", "after", "[]"],
        "steps:\n  - {name: a, retry: {atte|": ["steps", "[]", "retry"],
        "steps:\n  - name: a\n    safeguards: {outbox: tr|": ["steps", "[]", "safeguards", "outbox"],
        "steps:\n  - name: a\n    retry:\n      at|": ["steps", "[]", "retry"],
        "steps:\n  - {name: 'x, {y', ki|": ["steps", "[]"],
        "engine: {preset: |": ["engine", "preset"],
        "en|": [],
    }
    found = trip.evaluate(
        """async (texts) => {
            const { placeAt } = await import("sagasim/composer/text/place.js");
            return texts.map((text) => placeAt(text.replace("|", ""), text.indexOf("|")).path);
        }""",
        list(places),
    )
    assert dict(zip(places, found, strict=True)) == places


@pytest.mark.slow
def test_a_text_is_changed_by_as_little_as_is_needed(trip: Page):
    pairs = [
        ["a\nb\nc\n", "a\nB\nc\n"],
        ["a\nb\nc\nd\n", "b\nc\nnew\nd\n"],
        ["same\n" * 3, "same\n" * 5],
        ["", "x"],
        ["x\ny", ""],
        ["one: 1\ntwo: 2\nthree: 3\n", "zero: 0\none: 10\nthree: 3\nfour: 4"],
    ]
    changed = trip.evaluate(
        """async (pairs) => {
            const { changesBetween } = await import("sagasim/composer/text/changes.js");
            return pairs.map(([before, after]) => {
                const changes = changesBetween(before, after);
                const apply = (text, { from, to, insert }) => text.slice(0, from) + insert + text.slice(to);
                return [changes.toReversed().reduce(apply, before), changes.length];
            });
        }""",
        pairs,
    )
    assert [text for text, _ in changed] == [after for _, after in pairs]
    assert [count for _, count in changed[:2]] == [1, 2]


@pytest.mark.slow
def test_names_of_strangers_are_drawn_as_text(page: Page, stage: Visitor):
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    text = TRAVEL.format(name="strangers").replace(
        "compensation: cancel_hotel", "compensation: '<img src=x onerror=alert(1)>'"
    )
    compose(page, stage, bring(stage, text))
    expect(step(page, "hotel").locator(".undo-word")).to_contain_text("<img")


@pytest.mark.slow
def test_no_draft_is_too_wild_to_be_drawn(trip: Page):
    """Whatever can be written down: the canvas draws what is a step, and goes on living."""
    named = [
        {"name": name} for name in ("a", "a>b", "b", "__proto__", "constructor", "", "x" * 5000, '"]<g>')
    ]
    wild: list[object] = [
        None,
        [],
        {"steps": 5},
        {"steps": [None, 3, [], {}, {"name": 7}, {"name": "a"}, {"name": "a"}]},
        {
            "steps": [
                {"name": "a", "after": ["a"]},
                {"name": "b", "after": ["c"]},
                {"name": "c", "after": ["b"]},
            ]
        },
        {"steps": [{"name": "a", "after": ["nobody", 5, None]}, {"name": "b", "after": "a", "kind": []}]},
        {"steps": [{"name": "a", "service": {}, "compensation": 4, "irreversible": "yes", "effects": 1}]},
        {"steps": named},
        {"steps": [{"name": name, "after": ["a", "b"]} for name in ("a>b", "c")] + named},
        {"steps": [{"name": f"s{number}"} for number in range(1000)]},
        {"steps": [{"name": "last"}]},
    ]
    drawn = trip.evaluate(
        """async (wild) => {
            const { connectCanvas } = await import("sagasim/composer/canvas/canvas.js");
            const { createStore } = await import("sagasim/composer/store.js");
            const check = () => Promise.reject(new Error("nobody answers"));
            const element = document.querySelector("[data-region=canvas]");
            return wild.map((data) => {
                const store = createStore({ text: "", data, layout: { a: { x: "no" }, b: { x: 1, y: 2 } }, check });
                const sleep = connectCanvas(element, store);
                const names = [...element.querySelectorAll(".djs-shape")].map((it) => it.dataset.step);
                store.select(names);
                sleep();
                return names.length;
            });
        }""",
        wild,
    )
    assert drawn == [0, 0, 0, 1, 3, 2, 1, 7, 8, 300, 1]


@pytest.mark.slow
def test_forty_steps_are_drawn_at_once_and_stay_in_sight(page: Page, stage: Visitor):
    compose(page, stage, bring(stage, yaml("forty", 40)))
    expect(page.locator(".djs-shape")).to_have_count(40)
    area = canvas(page).bounding_box()
    assert area
    for shape in page.locator(".djs-shape .outline").all():
        box = shape.bounding_box()
        assert box
        assert area["x"] <= box["x"]
        assert box["x"] + box["width"] <= area["x"] + area["width"]
        assert area["y"] <= box["y"]
        assert box["y"] + box["height"] <= area["y"] + area["height"]


@pytest.mark.slow
def test_the_drawing_is_taken_away_as_a_picture(trip: Page):
    trip.locator("summary", has_text="Export").click()
    with trip.expect_download() as download:
        trip.locator("[data-do=export-png]").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_scripts_of_the_composer_weigh_at_most_130_kb_and_the_editor_comes_when_the_text_is_looked_at(
    page: Page, stage: Visitor
):
    scripts: dict[str, int] = {}
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on(
        "response",
        lambda response: (
            scripts.update({response.url: len(gzip.compress(response.body()))})
            if response.request.resource_type == "script"
            else None
        ),
    )
    compose(page, stage, "/sagas/travel-booking/")
    expect(page.locator(".djs-shape")).to_have_count(8)
    assert any("vendor/diagram" in url for url in scripts)
    assert not any("codemirror" in url for url in scripts)
    sizes = {url.removeprefix(stage.site): size for url, size in scripts.items()}
    assert sum(sizes.values()) <= 130 * 1024, sizes
    page.keyboard.press("Alt+3")
    expect(page.locator(".cm-content")).to_be_visible()
    assert any("vendor/codemirror" in url for url in asked)
    assert [url for url in asked if not url.startswith((f"{stage.site}/", "data:"))] == []
    expect(root(page)).to_have_attribute("data-awake", "")
