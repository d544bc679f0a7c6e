"""Ten tasks of a clinician over the demo cohort in a headless Chromium, with the embedded model.

With CHARTTWIN_SCREENSHOTS=DIR, pictures of three of them are written there (docs/images holds such).
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.api.main import build_app
from app.assembly import Services
from app.settings import load_settings
from tests.conftest import Bench
from tests.integration.browsing import IN_A_BROWSER, Tab
from tests.integration.serving import served

pytestmark = IN_A_BROWSER
AS_OF = "2026-11-15"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, cohort: Bench) -> Iterator[str]:
    """A server over a copy of the demo cohort, which the whole session of tests reads once."""
    folder = Path(shutil.copytree(cohort.store.data_dir, tmp_path_factory.mktemp("chat") / "data"))
    services = Services(load_settings(data_dir=folder))
    with served(build_app(services)) as where:
        yield where


@pytest.fixture(scope="module")
def tab(browser: Any, address: str) -> Iterator[Tab]:
    """One tab for all tasks, as on a ward: each opens the patient it is about."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 860}, permissions=["clipboard-read", "clipboard-write"]
    )
    page = context.new_page()
    opened = Tab(page, address)
    page.fill("#ct-as-of textarea, #ct-as-of input", AS_OF)
    page.on("dialog", lambda dialog: dialog.accept())
    yield opened
    assert opened.elsewhere == [] and opened.faults == []
    context.close()


def picture(tab: Tab, name: str) -> None:
    folder = os.environ.get("CHARTTWIN_SCREENSHOTS")
    if folder:
        tab.page.wait_for_timeout(700)  # fonts, plots and scrolling settle
        tab.page.screenshot(path=str(Path(folder) / f"{name}.png"))


def answer_of(tab: Tab, question: str) -> str:
    tab.ask(question)
    shown: str = tab.page.evaluate(
        "() => { const rows = [...document.querySelectorAll('#ct-chat .message-row')];"
        " const last = rows.map(r => r.classList.contains('user-row')).lastIndexOf(true);"
        " return rows.slice(last + 1).map(r => r.innerText).join('\\n'); }"
    )
    return shown


def test_1_find_a_patient_by_part_of_the_name(tab: Tab) -> None:
    tab.page.click("#ct-patient input")
    tab.page.keyboard.type("whitc")
    tab.page.wait_for_function("document.querySelectorAll('#ct-patient [role=option]').length === 1")
    assert tab.page.inner_text("#ct-patient [role=option]").strip().startswith("Eleanor Ruth Whitcombe (")
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_selector(".ct-who h1:has-text('Eleanor Ruth Whitcombe')")


def test_2_allergies_stand_in_the_header_and_in_the_answer(tab: Tab) -> None:
    tab.open_patient("Eleanor Ruth Whitcombe")
    assert "penicillin" in tab.page.inner_text(".ct-header").lower()
    assert "penicillin" in answer_of(tab, "any allergies?").lower()


def test_3_the_latest_result_with_its_evidence(tab: Tab) -> None:
    tab.open_patient("Denise Boudreaux")
    assert re.search(r"\d(\.\d+)? ?(mmol|mEq)/L", answer_of(tab, "latest potassium and when?"))
    tab.last.locator("a.ct-cite").first.click()
    tab.page.wait_for_selector("#ct-evidence .ct-rows")
    assert "potassium" in tab.page.inner_text("#ct-evidence").lower()


def test_4_a_trend_is_drawn(tab: Tab) -> None:
    tab.open_patient("Denise Boudreaux")
    answer_of(tab, "creatinine trend")
    points = tab.page.locator("#ct-chat .js-plotly-plot .scatterlayer").first.locator(".point")
    points.first.wait_for(state="attached")
    assert points.count() >= 3
    picture(tab, "chat-trend")


def test_5_medicines_of_now(tab: Tab) -> None:
    tab.open_patient("Walter Lindqvist")
    told = answer_of(tab, "what is he taking at the moment?").lower()
    assert (
        "apixaban" in told and "losartan" in told and "warfarin 5 mg" not in told.split("sources")[0].split("mind")[0]
    )


def test_6_words_of_a_note_are_marked_where_they_stand(tab: Tab) -> None:
    tab.open_patient("Eleanor Ruth Whitcombe")
    tab.page.locator("#ct-sources input").click()
    tab.page.locator("#ct-sources").get_by_role("option", name="Notes only").click()
    told = answer_of(tab, "what do the notes say about smoking?")
    assert "the notes alone, not the record" in told and "smok" in told.lower()
    tab.last.locator("a.ct-cite").first.click()
    tab.page.wait_for_selector("#ct-evidence .ct-note mark")
    marked = tab.page.inner_text("#ct-evidence mark")
    assert marked and marked in tab.page.inner_text("#ct-evidence .ct-note")
    picture(tab, "chat-note")
    tab.page.locator("#ct-sources input").click()
    tab.page.locator("#ct-sources").get_by_role("option", name="Record and notes").click()


def test_7_record_and_notes_that_differ_are_shown_side_by_side(tab: Tab) -> None:
    tab.open_patient("Eleanor Ruth Whitcombe")
    answer_of(tab, "Do the notes and the record disagree on anything?")
    box = tab.page.locator("#ct-chat .ct-conflict").last
    assert "Record" in box.inner_text() and "Note" in box.inner_text() and box.locator("a.ct-cite").count() >= 1


def test_8_what_if_a_dose_were_another(tab: Tab) -> None:
    tab.open_patient("Harold E. Okafor")
    told = answer_of(tab, "What if vancomycin were 1250 mg every 12 hours?")
    assert "1250 mg" in told and re.search(r"mg[·.*]?\s?h/L|AUC", told)
    tab.page.wait_for_selector("#ct-chat .js-plotly-plot")
    tab.last.locator("a.ct-cite").first.click()
    tab.page.wait_for_selector("#ct-evidence .ct-inputs, #ct-evidence .ct-rows")


def test_9_the_story_is_told_with_evidence(tab: Tab) -> None:
    tab.open_patient("Tomas Varga")
    tab.page.get_by_role("tab", name="Story", exact=True).click()
    tab.page.click("#ct-tell")
    tab.page.wait_for_selector("#ct-story a.ct-cite", timeout=60_000)
    assert tab.page.locator("#ct-story a.ct-cite").count() > 5
    tab.page.get_by_role("tab", name="Ask", exact=True).click()


def test_10_what_the_chart_does_not_say_is_said_plainly(tab: Tab) -> None:
    tab.open_patient("Leo Marchetti")
    told = answer_of(tab, "what was the last ferritin?").lower()
    assert "ferritin" in told and re.search(r"\bno\b|\bnot\b", told)
    assert tab.last.locator("a.ct-cite").count() == 0 and not re.search(r"\d+ ?ng/ml", told)


def test_an_answer_is_copied_saved_and_judged(tab: Tab) -> None:
    tab.open_patient("Denise Boudreaux")
    answer_of(tab, "latest potassium and when?")
    tab.page.locator("a.ct-act", has_text="Copy").last.click()
    tab.page.wait_for_selector("#ct-outbox :text('Copied')")
    assert "[1] Observation/" in tab.page.evaluate("navigator.clipboard.readText()")
    with tab.page.expect_download() as saved:
        tab.page.locator("a.ct-act", has_text="HTML").last.click()
    assert Path(saved.value.path()).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    tab.page.locator("a.ct-act", has_text="not helpful").last.click()
    tab.page.fill("#ct-comment textarea, #ct-comment input", "the older one is missing")
    tab.page.click("#ct-comment-send")
    tab.page.wait_for_selector("#ct-outbox :text('Thank you')")


def test_a_conversation_is_read_back_and_goes_on(tab: Tab) -> None:
    tab.open_patient("Leo Marchetti")
    answer_of(tab, "any allergies?")
    tab.page.click("#ct-fresh")
    tab.page.wait_for_selector("text=Ask about this chart")
    tab.page.locator("#ct-threads input").click()
    tab.page.locator("#ct-threads").get_by_role("option", name=re.compile("any allergies")).first.click()
    tab.page.wait_for_selector("#ct-chat .user-row")
    assert "peanut" in tab.page.inner_text("#ct-chat").lower()
    assert "peanut" in answer_of(tab, "and when was that recorded?").lower()


def as_of(tab: Tab, day: str) -> None:
    tab.page.fill("#ct-as-of textarea, #ct-as-of input", day)
    tab.page.press("#ct-as-of textarea, #ct-as-of input", "Enter")


def test_a_draft_of_today_is_decided_on_and_one_of_the_past_is_not(tab: Tab) -> None:
    tab.open_patient("Denise Boudreaux")
    answer_of(tab, "order ibuprofen 800 mg PO TID")
    tab.page.wait_for_selector("#ct-draft .ct-callout :text('Not open for a decision')")
    assert not tab.page.locator("#ct-draft-confirm").is_visible()
    as_of(tab, "")
    answer_of(tab, "order ibuprofen 800 mg PO TID")
    tab.page.wait_for_selector("#ct-draft-confirm")
    box, foot = (tab.page.locator(where).bounding_box() for where in ("#ct-draft-confirm", "#ct-foot"))
    assert box and foot and box["y"] + box["height"] <= foot["y"], "the decision is in sight"
    picture(tab, "chat-draft")
    tab.page.click("#ct-draft-reject")
    tab.page.wait_for_selector("#ct-draft :text('nothing was written')")
    answer_of(tab, "add gout to the problem list")
    assert "Gout" not in tab.page.inner_text(".ct-header")
    tab.page.click("#ct-draft-confirm")
    tab.page.wait_for_selector(".ct-header :text('Gout')")  # the header is of the record with what was just written
    as_of(tab, AS_OF)


def test_only_the_last_year_is_looked_at_when_that_is_chosen(tab: Tab) -> None:
    tab.open_patient("Harold E. Okafor")
    everything = len(re.findall(r"\d{4}-\d\d-\d\d: ", answer_of(tab, "creatinine trend")))
    tab.page.locator("#ct-since input").click()
    tab.page.locator("#ct-since").get_by_role("option", name="the last 30 days").click()
    recent = re.findall(r"(\d{4}-\d\d-\d\d): ", answer_of(tab, "creatinine trend"))
    assert 0 < len(recent) < everything and min(recent) >= "2026-10-16"
    tab.page.locator("#ct-since input").click()
    tab.page.locator("#ct-since").get_by_role("option", name="the beginning").click()


def test_the_code_status_stands_in_the_header_with_its_evidence(tab: Tab) -> None:
    tab.open_patient("Arthur Pell")
    assert "DNR/DNI" in tab.page.inner_text(".ct-header")
    tab.page.locator(".ct-header a.ct-cite").first.click()
    tab.page.wait_for_selector("#ct-evidence .ct-note mark")
    tab.open_patient("Denise Boudreaux")
    assert "Not documented" in tab.page.inner_text(".ct-header")


def run_dose(tab: Tab, boxes: Any, dose: str) -> None:
    """Fill in a dose and run it; on a slow machine the form of the patient just opened may still take its place."""
    from playwright.sync_api import TimeoutError as WaitedTooLong

    for patience_s in (8, 15, 30):
        boxes.nth(0).fill(dose)
        boxes.nth(1).fill("12")
        tab.page.click("#ct-twin-run")
        with contextlib.suppress(WaitedTooLong):
            tab.page.wait_for_function(
                "d => document.querySelector('#ct-twin details')?.innerText.includes(`Dose: ${d} mg`)",
                arg=dose,
                timeout=1000 * patience_s,
            )
            return
    raise AssertionError(f"{dose} mg was not run")


def test_doses_are_compared_side_by_side_and_another_patient_starts_afresh(tab: Tab) -> None:
    tab.open_patient("Harold E. Okafor")
    tab.page.get_by_role("tab", name="Twin", exact=True).click()
    boxes = tab.page.locator(".ct-room-form:visible textarea")
    boxes.nth(1).wait_for()
    assert boxes.nth(0).input_value() == "", "a dose that is not in the chart is no dose, not zero"
    for count, dose in enumerate(("1000", "1250", "750"), 1):
        run_dose(tab, boxes, dose)
        if count < 3:
            tab.page.click("#ct-twin-keep")
            tab.page.wait_for_selector(f"#ct-twin .ct-kept:has-text('Dose {dose} mg')")
    assert tab.page.locator("#ct-twin table").first.locator("tr").nth(1).locator("td").count() == 3
    picture(tab, "twin")
    tab.page.get_by_role("tab", name="Ask", exact=True).click()
    tab.open_patient("Arthur Pell")
    tab.page.get_by_role("tab", name="Twin", exact=True).click()
    tab.page.wait_for_function("!document.querySelector('#ct-twin').innerText.includes('1000 mg')")
    tab.page.get_by_role("tab", name="Ask", exact=True).click()


def test_an_answer_is_saved_as_pdf(tab: Tab) -> None:
    tab.open_patient("Denise Boudreaux")
    answer_of(tab, "latest potassium and when?")
    with tab.page.expect_download() as saved:
        tab.page.locator("a.ct-act", has_text="PDF").last.click()
    assert saved.value.suggested_filename.endswith(".pdf")
    assert Path(saved.value.path()).read_bytes().startswith(b"%PDF-")


def test_a_conversation_is_deleted(tab: Tab) -> None:
    tab.open_patient("Priya Raghunathan")
    answer_of(tab, "any allergies?")
    tab.page.wait_for_selector("#ct-thread-delete:not([disabled])")
    tab.page.click("#ct-thread-delete")
    tab.page.wait_for_selector("text=Ask about this chart")
    assert tab.page.input_value("#ct-threads input") == "New, nothing asked yet"
    tab.page.click("#ct-threads input")
    assert tab.page.locator("#ct-threads").get_by_role("option", name=re.compile("any allergies")).count() == 0
    tab.page.keyboard.press("Escape")
