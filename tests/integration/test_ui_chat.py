"""The chat in a headless Chromium: ask, stream, evidence, plot, keyboard, and no request to anywhere else.

Run alone with: pytest tests/integration/test_ui_chat.py
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.api.main import build_app
from app.assembly import Services
from tests.integration.browsing import IN_A_BROWSER, Tab
from tests.integration.serving import served
from tests.unit.test_app_scripted import ScriptedAssistant, scripted_services

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ScriptedAssistant]]:
    services, assistant = scripted_services(tmp_path_factory.mktemp("data"))
    with served(build_app(services)) as address:
        yield address, assistant


@pytest.fixture
def tab(browser: Any, scripted: tuple[str, ScriptedAssistant]) -> Iterator[Tab]:
    scripted[1].pause_s = 0.0
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    opened = Tab(page, scripted[0])
    yield opened
    page.close()
    assert opened.elsewhere == [] and opened.faults == []


def test_an_answer_streams_with_folded_steps_callouts_and_a_plot(
    tab: Tab, scripted: tuple[str, ScriptedAssistant]
) -> None:
    scripted[1].pause_s = 0.12
    tab.open_patient("Edythe Morar")
    tab.page.evaluate("""() => { window.seen = new Set();
        new MutationObserver(() => window.seen.add(document.querySelector('#ct-chat').innerText.length))
        .observe(document.querySelector('#ct-chat'), {childList: true, subtree: true, characterData: true}); }""")
    tab.ask("weight trend")
    assert tab.page.evaluate("window.seen.size") > 3, "the answer grew in parts"  # a slow machine paints fewer
    text = tab.last.inner_text()
    assert "Body weight was last" in text and "Record and notes differ" in text and "draft" not in text
    assert "1 look-up" in text
    tab.page.wait_for_selector("text=5 values", state="hidden")
    tab.last.get_by_text("1 look-up").click()
    tab.page.wait_for_selector("text=5 values")
    points = tab.last.locator(".js-plotly-plot .scatterlayer").first.locator(".point")  # a second layer has the marks
    points.last.wait_for(state="attached")  # the plot is drawn when its script has arrived
    assert points.count() == 5


def test_a_citation_opens_the_note_with_its_span_and_escape_closes_it(tab: Tab) -> None:
    tab.open_patient("Edythe Morar")
    tab.ask("poison")
    tab.last.locator("a.ct-cite").last.click()
    tab.page.wait_for_selector("#ct-evidence .ct-note mark")
    assert tab.page.inner_text("#ct-evidence mark").startswith("<script>window.poisoned = 1</script>")
    assert tab.page.evaluate("window.poisoned") is None
    assert (
        tab.page.locator("#ct-evidence script, #ct-evidence .ct-note img, #ct-chat img, #ct-chat script").count() == 0
    )
    assert "http://evil.example" not in [link.get_attribute("href") for link in tab.page.locator("a").all()]
    tab.page.keyboard.press("Escape")
    tab.page.wait_for_selector("#ct-evidence .ct-blank")


def test_a_citation_can_be_opened_from_the_keyboard(tab: Tab) -> None:
    tab.open_patient("Edythe Morar")
    tab.ask("weight trend")
    tab.last.locator("a.ct-cite").first.focus()
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_selector("#ct-evidence .ct-rows")
    assert "kg" in tab.page.inner_text("#ct-evidence")
    tab.page.click("#ct-evidence .ct-close")
    tab.page.wait_for_selector("#ct-evidence .ct-blank")


def test_arrows_go_from_citation_to_citation_and_bring_back_the_last_question(tab: Tab) -> None:
    tab.open_patient("Edythe Morar")
    tab.ask("weight trend")
    tab.last.locator("a.ct-cite").first.focus()
    tab.page.keyboard.press("ArrowRight")
    tab.page.wait_for_selector("#ct-evidence .ct-ref")
    focused = "document.activeElement.getAttribute('href')"
    assert tab.page.evaluate(focused) == "#cite-1-2"
    tab.page.keyboard.press("ArrowLeft")
    assert tab.page.evaluate(focused) == "#cite-1-1"
    tab.page.focus("#ct-question textarea")
    tab.page.keyboard.press("ArrowUp")
    assert tab.page.input_value("#ct-question textarea") == "weight trend"


def test_a_simulation_is_drawn_and_its_run_opens_as_a_card(tab: Tab) -> None:
    tab.open_patient("Edythe Morar")
    tab.ask("what if")
    tab.page.wait_for_selector("#ct-chat .js-plotly-plot .legendtext")
    assert tab.last.locator(".legendtext").all_text_contents() == ["1000 mg every 12 h", "1250 mg every 12 h"]
    tab.last.locator("a.ct-cite").first.click()
    tab.page.wait_for_selector("#ct-evidence .ct-inputs")
    assert "population default" in tab.page.inner_text("#ct-evidence")


def test_slash_goes_to_the_question(tab: Tab) -> None:
    tab.open_patient("Edythe Morar")
    tab.page.click(".ct-header")
    tab.page.keyboard.press("/")
    assert tab.page.evaluate("document.activeElement.closest('#ct-question') !== null")
    tab.page.keyboard.type("a/b")
    assert tab.page.input_value("#ct-question textarea") == "a/b"


def test_an_example_is_asked_and_a_new_conversation_starts_empty(
    tab: Tab, scripted: tuple[str, ScriptedAssistant]
) -> None:
    tab.open_patient("Edythe Morar")
    tab.page.click(".ct-example >> nth=0")
    tab.page.wait_for_selector("#ct-chat .bot-row")
    tab.ask("asdf")
    tab.page.click("#ct-fresh")
    tab.page.wait_for_selector("text=Ask about this chart")
    assert tab.page.locator("#ct-chat .user-row").count() == 0
    tab.ask("asdf")
    threads = [thread for _, thread, _ in scripted[1].threads[-3:]]
    assert threads[0] == threads[1] != threads[2]


def test_an_answer_can_be_stopped(tab: Tab, scripted: tuple[str, ScriptedAssistant]) -> None:
    scripted[1].pause_s = 0.4
    tab.open_patient("Edythe Morar")
    finished = scripted[1].finished
    tab.page.fill("#ct-question textarea", "weight trend")
    tab.page.press("#ct-question textarea", "Enter")
    tab.page.click("#ct-question .stop-button")
    tab.page.wait_for_selector("text=Stopped.")
    tab.page.wait_for_selector("#ct-question .submit-button")
    time.sleep(1.0)  # the run would go on by itself if it had not been stopped
    assert scripted[1].finished == finished


def test_a_list_that_the_tab_key_leaves_does_not_stay_open_over_the_answer(tab: Tab) -> None:
    tab.open_patient("Edythe Morar")
    for chosen in ("#ct-threads input", "#ct-since input", "#ct-sources input"):
        controls = tab.page.locator(chosen).get_attribute("aria-controls")
        tab.page.focus(chosen)
        tab.page.wait_for_selector(f"#{controls}")
        tab.page.keyboard.press("Tab")
        tab.page.wait_for_selector(f"#{controls}", state="detached")


def test_in_a_narrow_window_what_is_chosen_can_be_read(tab: Tab) -> None:
    tab.page.set_viewport_size({"width": 390, "height": 780})
    tab.open_patient("Edythe Morar")
    for chosen in ("#ct-threads input", "#ct-since input", "#ct-sources input"):
        box = tab.page.locator(chosen).bounding_box()
        assert box and box["width"] > 110, chosen
    assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_fault_is_told_in_plain_words(tab: Tab) -> None:
    tab.open_patient("Edythe Morar")
    tab.ask("crash")
    assert "Something failed on our side" in tab.last.inner_text() and "PHI-MARKER" not in tab.page.content()


def test_the_theme_is_kept(tab: Tab) -> None:
    assert not tab.page.evaluate("document.body.classList.contains('dark')")
    tab.page.click("#ct-theme")
    assert tab.page.evaluate("document.body.classList.contains('dark')")
    tab.reload()
    tab.page.wait_for_function("document.body.classList.contains('dark')")
    assert tab.page.evaluate("Object.keys(localStorage).filter((key) => key !== 'charttwin-theme')") == []
    tab.page.click("#ct-theme")


def test_without_records_the_page_says_what_to_do(browser: Any, tmp_path: Path) -> None:
    from app.settings import load_settings

    services = Services(load_settings(data_dir=tmp_path))
    services.provide(assistant=ScriptedAssistant(services), index=None)
    with served(build_app(services)) as address:
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("text=There are no records here yet")
        page.close()


def test_the_reference_page_lists_the_addresses_without_another_server(
    browser: Any, scripted: tuple[str, ScriptedAssistant]
) -> None:
    page = browser.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"{scripted[0]}/docs")
    page.click("summary:has-text('/version')")
    page.click("details[open] button")
    page.wait_for_selector("details[open] pre:has-text('charttwin')")
    assert {urlsplit(url).hostname for url in requests} == {"127.0.0.1"}
    page.close()
