"""The dashboard in a browser: what it shows, filters and sorts, and that it asks nobody for anything."""

import json
import os
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from edgezoo.benchmarks import dashboard, report
from edgezoo.errors import DataError

# Model, runtime, precision, Spearman on STS-B test, p50 in ms, MB.
SYSTEMS = (
    ("static-en", "engine", "int8", 0.7957, 0.002, 8.7),
    ("static-en", "onnx", "int8", 0.7957, 0.09, 9.2),
    ("tinylstm-sts", "engine", "mixed", 0.8023, 0.08, 5.4),
    ("tinylstm-sts", "litert", "int8", 0.8023, 1.2, 9.8),
    ("MiniLM, PyTorch", "peer", "fp32", 0.8203, 14.0, 91.5),
    ("a <b>bold</b> & long name", "wasm", "int4", None, 0.3, 5.0),
)


def distribution(median: float) -> dict[str, Any]:
    names = ("avg_ms", "stddev_ms", "min_ms", "max_ms", "p5_ms", "p90_ms", "p95_ms", "p99_ms")
    figures = {name: median * (1 + number / 10) for number, name in enumerate(names)}
    return {"num_runs": 3, "median_ms": median, "ratio": median / 0.313, **figures}


def entry(system: tuple[str, str, str, float | None, float, float], slower: float) -> dict[str, Any]:
    model, runtime, precision, spearman, median, size = system
    total = {"total": distribution(median * slower)}
    found: dict[str, Any] = {
        "kind": "peer" if runtime == "peer" else "model",
        "model": model,
        "runtime": runtime,
        "precision": precision,
        "status": "measured",
        "reference_us": [313.0],
        "misc_metrics": {"model_size_mb": size, "num_runs": 3},
        "latency_metrics": {"init_ms": 5.0, "first_inference_ms": 0.5, "short": total, "full": total},
        "memory_metrics": {"init_footprint_kb": 9000},
        "throughput": [{"batch": 32, "threads": 1, "texts_per_second": 1000 / median}],
    }
    if spearman is not None:
        found["quality"] = {"precision": precision, "scores": {"stsb-test": {"spearman": spearman}}}
    return found


def write(path: Path, created: str, device: str, *, commit: str, slower: float = 1.0) -> None:
    missing = {"kind": "model", "model": "x", "runtime": "torch", "precision": "fp32", "status": "missing"}
    content = {
        **report.build([]),
        "created": created,
        "commit": {"id": commit * 40, "changed": False},
        "device": {"processor": device, "cores": 4, "system": "Linux aarch64"},
        "results": [missing | {"message": "no"}, *(entry(system, slower) for system in SYSTEMS)],
    }
    report.write(content, path)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two reports of one device, at two commits, and one of another."""
    folder = tmp_path_factory.mktemp("site")
    results = folder / "results"
    results.mkdir()
    write(results / "board-1.json", "2026-11-01T10:00:00Z", "Board One", commit="a")
    write(results / "board-2.json", "2026-11-20T10:00:00Z", "Board One", commit="b", slower=2.0)
    write(results / "other.json", "2026-11-10T10:00:00Z", 'Chip "<i>Two</i>"', commit="a")
    return dashboard.build(folder / "out", [results])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, site: Path) -> Iterator[Page]:
    """The page in a window of its own; it must neither fail nor ask for anything but itself."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    asked: list[str] = []
    errors: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda message: errors.append(message.text))
    opened.goto(site.as_uri())
    yield opened
    assert asked == [site.as_uri()]
    assert not errors
    opened.close()


def lines(page: Page) -> list[list[str]]:
    """Cells of what the first device's table shows."""
    table = page.locator("#devices ~ .wide").first
    return [row.locator("th, td").all_inner_texts() for row in table.locator("tbody tr:visible").all()]


def test_every_figure_leads_to_its_place_in_a_report(site: Path) -> None:
    text = site.read_text(encoding="utf-8")
    links = re.findall(r'<td data-value="([^"]+)"><a href="([^"#]+)#([^"]+)">', text)
    assert len(links) > 100
    for value, file, pointer in links:
        found = json.loads((site.parent / unquote(unescape(file))).read_text())
        for part in pointer.strip("/").split("/"):
            found = found[int(part)] if isinstance(found, list) else found[part]
        if isinstance(found, float) and "memory" not in pointer:
            assert found == float(value)


def test_the_last_report_of_each_device_is_shown(page: Page) -> None:
    assert "3 reports of 2 devices" in page.locator("header").inner_text()
    captions = page.locator("#devices ~ .wide caption").all_inner_texts()
    assert captions == ["Board One, 4 cores, Linux aarch64", 'Chip "<i>Two</i>", 4 cores, Linux aarch64']
    by_name = {(line[0], line[1]): line for line in lines(page)}
    assert len(by_name) == len(SYSTEMS)
    assert by_name["static-en", "engine"][10] == "0.004"  # twice as slow at the second commit
    assert ("a <b>bold</b> & long name", "wasm") in by_name


def test_filters_narrow_tables_and_plots(page: Page) -> None:
    dots = page.locator(".plot[data-x=p50_ms] .dot")
    assert dots.count() == 2 * (len(SYSTEMS) - 1)  # one has no quality
    page.select_option("[name=runtime]", "engine")
    assert {line[1] for line in lines(page)} == {"engine"}
    assert dots.count() == 4
    page.select_option("[name=device]", "Board One, 4 cores, Linux aarch64")
    page.fill("[name=model]", "LSTM")
    assert [line[0] for line in lines(page)] == ["tinylstm-sts"]
    assert page.locator("output").inner_text() == "1 of 12 shown"
    assert dots.count() == 1
    page.select_option("[name=quality]", "sst2")
    assert "Nothing" in page.locator(".plot").first.inner_text()


def test_tables_are_sorted_by_any_column_and_turned_round(page: Page) -> None:
    button = page.get_by_role("button", name="p50, ms").first
    for order, state in ((1, "ascending"), (-1, "descending")):
        button.click()
        found = [float(line[10]) for line in lines(page)]
        assert found == sorted(found)[::order]
        assert page.locator(f"th[aria-sort={state}]").inner_text().startswith("p50")
    page.get_by_role("button", name="STS-B test").first.click()
    assert lines(page)[-1][3] == "–"  # what was not measured stays at the end


def test_the_front_joins_those_that_nothing_beats(page: Page) -> None:
    page.select_option("[name=device]", "Board One, 4 cores, Linux aarch64")
    front = page.locator(".plot[data-x=p50_ms] .front").get_attribute("points")
    assert front is not None
    points = [tuple(map(float, each.split(","))) for each in front.split()]
    assert len(points) == 3  # static-en and tinylstm-sts on the engine, MiniLM
    assert points == sorted(points)
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)


def test_history_tells_the_change_between_commits(page: Page) -> None:
    table = page.locator("#history ~ .wide")
    rows = [row.locator("th, td").all_inner_texts() for row in table.locator("tbody tr").all()]
    assert len(rows) == 2 * len(SYSTEMS)
    assert {(row[4], row[8]) for row in rows} == {("a" * 9, "–"), ("b" * 9, "+100.0 %")}


def test_dots_can_be_reached_and_read_without_a_mouse(page: Page) -> None:
    dot = page.locator(".plot[data-x=p50_ms] a").first
    assert re.fullmatch(r".+, \w+ \w+: \d\d\.\d\d at [\d.]+ ms", dot.get_attribute("aria-label") or "")
    dot.focus()
    assert page.evaluate("document.activeElement.tagName") == "a"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(browser: Browser, site: Path, scheme: Any) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.goto(site.as_uri())
    colours = page.evaluate(
        """() => ["color", "background-color"].map((name) =>
            getComputedStyle(document.body).getPropertyValue(name).match(/\\d+/g).map(Number))"""
    )
    ink, paper = (sum(colour) for colour in colours)
    assert (ink < paper) == (scheme == "light")
    assert abs(ink - paper) > 500
    page.close()


def test_a_phone_scrolls_tables_not_the_page(browser: Browser, site: Path) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.goto(site.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("document.querySelector('.wide').scrollWidth") > 360
    assert page.evaluate("document.querySelector('.plot text').getBoundingClientRect().height") > 10
    page.close()


def test_reports_that_are_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="edgezoo bench --out"):
        dashboard.build(tmp_path / "out", [tmp_path])
    (tmp_path / "odd.json").write_text("{}")
    with pytest.raises(DataError, match=r"odd\.json"):
        dashboard.build(tmp_path / "out", [tmp_path])


def test_two_reports_of_one_name_are_told_apart_by_a_person(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "same.json", "2026-11-01T10:00:00Z", "Board", commit="a")
    with pytest.raises(DataError, match=r"two reports are named same\.json"):
        dashboard.build(tmp_path / "out", [tmp_path / "a", tmp_path / "b"])


# Model, runtime, bits by language, ms for a character, MB.
WRITERS = (
    ("charlstm-turkic", "engine", {"kk": 2.05, "tr": 2.07}, 0.025, 0.98),
    ("charlstm-turkic", "onnx", {"kk": 2.05, "tr": 2.07}, 0.125, 1.01),
    ("charlstm-kk", "engine", {"kk": 1.99}, 0.026, 0.98),
)


def writer(system: tuple[str, str, dict[str, float], float, float]) -> dict[str, Any]:
    model, runtime, bits, median, size = system
    found = entry((model, runtime, "int8", None, 100 * median, size), 1.0)
    each = {"characters": 256, "each": distribution(median), "per_second": 1000 / median}
    found["latency_metrics"] |= {"score": each, "generate": each}
    scores = {f"{language}-test": {"bits": value} for language, value in bits.items()}
    return found | {"quality": {"precision": "int8", "scores": scores}}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page over a report of language models and one other."""
    folder = tmp_path_factory.mktemp("writers")
    results = [*map(writer, WRITERS), entry(SYSTEMS[0], 1.0)]
    device = {"processor": "Board", "cores": 4, "system": "Linux aarch64"}
    content = {**report.build([]), "device": device, "results": results}
    report.write(content, folder / "board.json")
    return dashboard.build(folder / "out", [folder / "board.json"])


def test_language_models_have_a_table_and_plots_of_their_own(browser: Browser, written: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(written.as_uri())
    assert [line[0] for line in lines(page)] == ["static-en"]
    table = page.locator("#writers ~ .wide")
    rows = [row.locator("th, td").all_inner_texts() for row in table.locator("tbody tr").all()]
    by_name = {(row[0], row[1]): row[3:] for row in rows}
    head = table.locator("thead th").all_inner_texts()[3:]
    turkic = dict(zip(head, by_name["charlstm-turkic", "onnx"], strict=True))
    assert (turkic["bits, kk"], turkic["bits, tr"]) == ("2.050", "2.070")
    assert (turkic["generate, µs a character"], turkic["characters/s"]) == ("125", "8,000")
    assert dict(zip(head, by_name["charlstm-kk", "engine"], strict=True))["bits, tr"] == "–"
    plot = page.locator(".plot[data-y=bits][data-x=generate_ms]")
    assert plot.locator(".dot").count() == 3
    tops = {each.get_attribute("aria-label"): each.bounding_box() for each in plot.locator("a").all()}
    best = tops.pop("charlstm-kk, engine int8: 1.990 at 26 µs")
    assert best
    assert all(box and best["y"] < box["y"] for box in tops.values())  # fewer bits are drawn higher
    page.select_option("[name=language]", "tr")
    assert plot.locator(".dot").count() == 2
    page.close()


def test_without_language_models_nothing_is_said_of_them(page: Page) -> None:
    assert page.locator("#language-models").is_hidden()
