"""The rooms beside the conversation in a headless Chromium, over the real parts: story, twin, note; and axe-core on every one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.access.callers import Role
from app.api.main import build_app
from app.assembly import Services
from app.settings import load_settings
from tests.integration.browsing import IN_A_BROWSER
from tests.integration.serving import served
from tests.unit.test_app_scripted import PATIENT_ID, loaded_record

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Services]]:
    folder = Path(shutil.copytree(loaded_record(), tmp_path_factory.mktemp("rooms") / "data"))
    services = Services(load_settings(data_dir=folder, access="keys"))
    with served(build_app(services)) as address:
        yield address, services


@pytest.fixture
def page(browser: Any, parts: tuple[str, Services]) -> Iterator[Any]:
    """A tab of a clinician who has signed in and opened the patient."""
    address, services = parts
    services.gate.register.add("dr-a", frozenset({Role.CLINICIAN}))
    services.gate.register.allow("dr-a", PATIENT_ID)
    tab = browser.new_page(viewport={"width": 1280, "height": 860})
    tab.faults = []
    tab.on("pageerror", lambda error: tab.faults.append(str(error)))
    tab.goto(address)
    tab.fill("#key", services.gate.register.issue_key("dr-a"))
    tab.press("#key", "Enter")
    tab.wait_for_selector("text=Choose a patient above", timeout=30_000)
    tab.click("#ct-patient input")
    tab.wait_for_timeout(400)
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#ct-header h1", timeout=30_000)
    yield tab
    assert tab.faults == []
    tab.close()


def room(tab: Any, name: str) -> None:
    tab.get_by_role("tab", name=name, exact=True).click()
    tab.wait_for_timeout(400)


def grave(tab: Any) -> list[str]:
    """What axe-core finds critical or serious."""
    from axe_playwright_python.sync_playwright import Axe

    tab.wait_for_timeout(700)  # a part that is being filled is half transparent
    found = Axe().run(tab).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found if v["impact"] in ("critical", "serious")]


def test_whoever_has_not_signed_in_sees_the_sign_in_page(browser: Any, parts: tuple[str, Services]) -> None:
    tab = browser.new_page()
    tab.goto(parts[0])
    assert "/sign-in" in tab.url and tab.locator("#ct-patient").count() == 0
    tab.fill("#key", "ct_wrong_key")
    tab.press("#key", "Enter")
    assert "does not hold" in tab.locator("[role=alert]").inner_text() and grave(tab) == []
    tab.close()


def test_the_story_is_told_with_evidence(page: Any) -> None:
    room(page, "Story")
    page.click("#ct-tell")
    page.wait_for_selector("#ct-story a.ct-cite", timeout=60_000)
    page.locator("#ct-story a.ct-cite").first.click()
    page.wait_for_selector("#ct-evidence .ct-ref", timeout=30_000)
    assert grave(page) == []


def test_a_model_runs_on_the_chart_and_on_changed_inputs(page: Any) -> None:
    room(page, "Calculators")
    page.wait_for_selector("#ct-calc h2", timeout=60_000)
    before = page.locator("#ct-calc td strong").first.inner_text()
    page.click("#ct-calc-keep")
    page.wait_for_selector("#ct-calc .ct-kept", timeout=30_000)
    creatinine = page.locator(".ct-room-form:visible input[type=number]").first
    creatinine.fill("4")
    creatinine.press("Enter")
    page.click("#ct-calc-run")
    page.wait_for_function(
        "was => document.querySelector('#ct-calc td strong').innerText !== was", arg=before, timeout=30_000
    )
    kept = page.locator("#ct-calc tbody tr").first.locator("td").first.inner_text()
    assert kept == before, "the run that was kept stands beside the new one"
    assert "entered" in page.locator("#ct-calc details").inner_text(), "the changed input says that it was entered"
    assert grave(page) == []


def test_a_pasted_note_is_read_by_kind_and_assertion(page: Any) -> None:
    room(page, "Note")
    page.fill(
        "#ct-note-text textarea",
        "Denies chest pain. Mother had breast cancer. <b>Possible</b> pneumonia. K 5.2 mmol/L.",
    )
    page.click("#ct-read")
    page.wait_for_selector("#ct-note mark.ct-state-absent", timeout=60_000)
    text = page.locator("#ct-note").inner_text()
    assert "family" in text and "possible" in text and "5.2" in text
    assert page.locator("#ct-note b").count() == 0, "markup in a note stays text"
    assert grave(page) == []


def test_a_file_becomes_the_text_of_the_note(page: Any, tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("No fever. Started lisinopril 10 mg daily.", encoding="utf-8")
    room(page, "Note")
    page.set_input_files("#ct-note-file", str(file))
    page.wait_for_function(
        "document.querySelector('#ct-note-text textarea').value.includes('lisinopril')", timeout=30_000
    )


def test_the_conversation_has_no_grave_fault_in_light_or_dark(page: Any) -> None:
    page.fill("#ct-question textarea", "latest weight and trend")
    page.keyboard.press("Enter")
    page.wait_for_selector("#ct-chat a.ct-cite", timeout=60_000)
    page.wait_for_timeout(1500)
    assert grave(page) == []
    page.click("#ct-theme")
    page.wait_for_timeout(400)
    assert grave(page) == []
    page.set_viewport_size({"width": 820, "height": 1100})
    page.wait_for_timeout(400)
    assert grave(page) == [] and page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")


def test_a_record_off_the_list_opens_with_a_reason_only(browser: Any, parts: tuple[str, Services]) -> None:
    address, services = parts
    services.gate.register.add("dr-b", frozenset({Role.CLINICIAN}))
    tab = browser.new_page(viewport={"width": 1280, "height": 860})
    tab.goto(address)
    tab.fill("#key", services.gate.register.issue_key("dr-b"))
    tab.press("#key", "Enter")
    tab.wait_for_selector("text=No patient is in your reach", timeout=30_000)
    tab.click("#ct-glass button.label-wrap")
    tab.fill("#ct-glass-id textarea, #ct-glass-id input", PATIENT_ID)
    tab.click("#ct-glass-open")
    tab.wait_for_selector("#ct-glass-said .ct-error", timeout=30_000)
    assert tab.locator("#ct-header h1").count() == 0
    tab.fill("#ct-glass-reason textarea, #ct-glass-reason input", "unconscious in the emergency room")
    tab.click("#ct-glass-open")
    tab.wait_for_selector("#ct-header h1", timeout=30_000)
    assert grave(tab) == []
    tab.close()


def test_signing_out_ends_the_page(page: Any) -> None:
    page.click("#ct-leave")
    page.wait_for_url("**/sign-in", timeout=30_000)
    page.faults.clear()  # what the page that is gone reports about its cut connections
