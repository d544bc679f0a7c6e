"""What can be done with an answer: copied, exported, judged, drafts decided, conversations taken up; and corrections."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.api.main import build_app
from app.dates import now
from app.export.answers import export
from app.feedback import FeedbackStore
from app.ui import acts, draft_card
from app.ui.rooms.note import in_text_order, state_of
from domain.answers import Answer, Citation
from domain.errors import InvalidInput, UnknownThread
from domain.facts import Assertion, Evidence, Fact, FactKind
from knowledge_base.validation import faults
from tests.memory_bench import Talk
from tests.unit.conftest import Ran
from tests.unit.test_app_scripted import PATIENT_ID, POISON, scripted_services
from tests.unit.test_app_ui import Page


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return Page(tmp_path)


def given(page: Page, question: str) -> Answer:
    page.ask(question)
    return page.session.given[str(page.session.answers)]


class _Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names += [name for name, _ in attrs]


def test_an_exported_page_holds_the_evidence_and_nothing_that_acts(page: Page) -> None:
    html = export(page.store, PATIENT_ID, given(page, "poison"), "html", now()).decode()
    found = _Tags()
    found.feed(html)
    assert not {"script", "img", "a", "link", "iframe"} & set(found.tags)
    assert not {name for name in found.names if name.startswith("on")} and "src" not in found.names
    assert "<mark>&lt;script&gt;window.poisoned" in html and "Patient resting" in html


def test_exported_text_has_rows_of_the_record_and_the_words_around_a_span(page: Page) -> None:
    text = export(page.store, PATIENT_ID, given(page, "weight trend"), "markdown", now()).decode()
    assert text.startswith("# weight trend") and "Record and notes differ" in text and "never smoker" in text
    assert re.search(r"- \[1\] .*Observation/", text) and re.search(r"- \[2\] .*\n  > …", text)


def test_the_fhir_export_is_valid_and_refers_to_its_sources(page: Page) -> None:
    bundle = json.loads(export(page.store, PATIENT_ID, given(page, "weight trend"), "fhir", now()))
    assert faults(bundle) == []
    told = bundle["entry"][0]["resource"]
    assert faults(told) == [] and told["subject"]["reference"] == f"Patient/{PATIENT_ID}"
    assert told["about"][0]["reference"].startswith("Observation/")
    assert told["about"][1]["reference"].startswith("DocumentReference/")
    run = json.loads(export(page.store, PATIENT_ID, given(page, "what if"), "fhir", now()))
    assert faults(run) == [] and "reference" not in run["entry"][0]["resource"]["about"][0]


@pytest.mark.parametrize("form", ["markdown", "html", "pdf", "fhir"])
@pytest.mark.parametrize("text", ["", "\ud800 \x00 [1]", "| a |\n|---|\n| b |", "x" * 40_000])
def test_any_answer_can_be_exported_and_a_citation_of_elsewhere_opens_nothing(page: Page, form: str, text: str) -> None:
    refs = ("Observation/of-somebody-else", "Note/x#9-3", "nonsense", "Run/none", "")
    own = given(page, "weight trend").citations[0]
    foreign = tuple(Citation(number=n, evidence=Evidence(ref=ref)) for n, ref in enumerate(refs, 10))
    answer = Answer(question=text, text=text, citations=(own, *foreign), warnings=(text,))
    made = export(page.store, PATIENT_ID, answer, form, now())
    said = words_of(made) if form == "pdf" else made.decode()
    assert said.count("not found in this record") == len(refs)
    assert "5 of 6 sources were not found in the record of this patient" in " ".join(said.split())
    assert form != "fhir" or faults(json.loads(made)) == []


@pytest.mark.parametrize("form", ["markdown", "html", "pdf", "fhir"])
def test_an_answer_about_somebody_else_is_not_exported_under_this_name(page: Page, form: str) -> None:
    refs = ("Observation/of-somebody-else", "Knowledge/metformin-egfr")
    citations = tuple(Citation(number=n, evidence=Evidence(ref=ref)) for n, ref in enumerate(refs, 1))
    with pytest.raises(InvalidInput, match="for the patient who was asked about"):
        export(page.store, PATIENT_ID, Answer(question="?", text="x [1]", citations=citations), form, now())


def test_there_are_no_other_forms(page: Page) -> None:
    with pytest.raises(InvalidInput, match="markdown, html, pdf, fhir"):
        export(page.store, PATIENT_ID, Answer(question="?", text="x"), "docx", now())


def words_of(pdf: bytes) -> str:
    from pypdf import PdfReader

    return "\n".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(pdf)).pages)


def test_the_pdf_holds_answer_evidence_and_what_to_mind(page: Page) -> None:
    words = words_of(export(page.store, PATIENT_ID, given(page, "weight trend"), "pdf", now()))
    for part in (
        "Body weight was last",
        "Record and notes differ: smoking",
        "never smoker",
        "Observation/",
        PATIENT_ID,
    ):
        assert part in words
    assert "1 / 1" in words or "1 / 2" in words


def test_the_pdf_draws_what_its_fonts_have_and_says_so_of_the_rest(page: Page) -> None:
    text = "- **ClCr** ≥ 60 µmol/L, β-blocker, Łukasz\n\n1. one\n2. two\n\n| dose | level |\n|---|---|\n| `5` *mg* | 日本 |\n\n# Head\n> said"
    words = words_of(export(page.store, PATIENT_ID, Answer(question="q", text=text), "pdf", now()))
    for part in ("• ClCr ≥ 60 µmol/L, β-blocker, Łukasz", "2. two", "5 mg", "Head", "said"):
        assert part in words
    assert "日" not in words and "has no letter for" in words
    plain = words_of(export(page.store, PATIENT_ID, Answer(question="q", text="K 5.2"), "pdf", now()))
    assert "has no letter for" not in plain


def test_a_pdf_reaches_the_browser_whole(page: Page) -> None:
    page.ask("weight trend")
    sent = acts.act("pdf-1", page.session, page.services).html
    body = re.search(r'data-media="application/pdf"[^>]*>([^<]+)</pre>', sent)
    assert body and base64.b64decode(body[1]).startswith(b"%PDF-")


def test_an_answer_is_exported_and_judged_over_rest(tmp_path: Path) -> None:
    services, _ = scripted_services(tmp_path)
    with TestClient(build_app(services, with_ui=False, warm=False), base_url="http://127.0.0.1:7860") as client:
        answer = client.post(f"/v1/patients/{PATIENT_ID}/ask", json={"question": "weight trend"}).json()
        where = f"/v1/patients/{PATIENT_ID}/answers/export"
        page = client.post(where, params={"format": "html"}, json=answer)
        assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
        assert "attachment" in page.headers["content-disposition"]
        assert client.post(where, params={"format": "doc"}, json=answer).status_code == 422
        assert client.post("/v1/patients/nobody/answers/export", json=answer).status_code == 404
        body: dict[str, Any] = {"patient_id": PATIENT_ID, "question": "weight trend", "verdict": "not_helpful"}
        assert client.post("/v1/feedback", json=body | {"comment": "too old"}).status_code == 201
        assert client.post("/v1/feedback", json=body | {"verdict": "superb"}).status_code == 422
        assert client.post("/v1/feedback", json=body | {"patient_id": "nobody"}).status_code == 404
    (row,) = FeedbackStore(tmp_path).rows()
    assert (row.verdict, row.comment, row.owner) == ("not_helpful", "too old", "local")


def test_copying_takes_the_citations_along(page: Page) -> None:
    page.ask("weight trend")
    sent = acts.act("copy-1", page.session, page.services)
    assert 'data-kind="copy"' in sent.html and "[2] Note/" in sent.html and not sent.asks_comment
    assert acts.act("copy-1", page.session, page.services).html != sent.html, "a second copy is seen by the page too"
    assert "not in the conversation" in acts.act("copy-9", page.session, page.services).html
    assert "Format is one of" in acts.act("exe-1", page.session, page.services).html


def test_a_verdict_is_kept_as_hashes_and_a_comment_completes_it(page: Page, tmp_path: Path) -> None:
    page.ask("weight trend")
    assert acts.act("bad-1", page.session, page.services).asks_comment
    assert "Thank you" in acts.add_comment("the newest is missing", page.session, page.services)
    (row,) = FeedbackStore(tmp_path).rows()
    assert (row.verdict, row.comment) == ("not_helpful", "the newest is missing")
    kept = (tmp_path / "feedback.sqlite3").read_bytes()
    assert PATIENT_ID.encode() not in kept and b"weight trend" not in kept
    assert (tmp_path / "feedback.key").stat().st_mode & 0o777 == 0o600
    acts.act("good-1", page.session, page.services)
    assert [r.verdict for r in FeedbackStore(tmp_path).rows()] == ["helpful"], "a change of mind replaces"


def test_the_same_question_of_two_patients_is_not_told_to_be_the_same(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path)
    first, second = (store.of_answer("a", p, "Weight?", "helpful", "", now()) for p in ("p1", "p2"))
    again = FeedbackStore(tmp_path).of_answer("a", "p1", "weight? ", "helpful", "", now())
    assert first.subject == again.subject != second.subject and first.patient != second.patient


def test_a_corrected_fact_is_kept_with_what_it_was_and_is(tmp_path: Path) -> None:
    text = "Denies chest pain. Fever."
    pain = Fact(
        id="f1", patient_id="", kind=FactKind.SYMPTOM, text="chest pain", evidence=Evidence(ref="Note/pasted#7-17"),
        assertion=Assertion(is_negated=True), extractor_version="1",
    )  # fmt: skip
    fever = pain.model_copy(update={"text": "Fever", "evidence": Evidence(ref="Note/pasted#19-24")})
    assert in_text_order([fever, pain]) == [pain, fever] and state_of(pain) == "absent"
    store = FeedbackStore(tmp_path)
    store.of_fact("a", "", text, pain, state_of(pain), "present", now())
    store.of_fact("a", "", text, fever, state_of(fever), "", now())
    rows = store.rows()
    assert [(r.fact, r.was, r.should_be, r.verdict) for r in rows] == [
        ("symptom: chest pain", "absent", "present", "corrected"),
        ("symptom: Fever", "absent", "", "wrong"),
    ]


def test_feedback_is_exported_at_the_terminal(run: Callable[..., Ran], tmp_path: Path) -> None:
    services, _ = scripted_services(tmp_path / "data")
    FeedbackStore(services.settings.data_dir).of_answer("a", PATIENT_ID, "Weight?", "helpful", "good", now())
    services.close()
    out = tmp_path / "rows.jsonl"
    assert run("feedback", "export", "--out", out, "--data-dir", tmp_path / "data").code == 0
    (row,) = map(json.loads, out.read_text().splitlines())
    assert row["verdict"] == "helpful" and row["comment"] == "good"
    assert "exists" in run("feedback", "export", "--out", out, "--data-dir", tmp_path / "data").err
    assert json.loads(run("feedback", "export", "--data-dir", tmp_path / "data").out) == row


def test_a_conversation_is_taken_up_where_it_ended(page: Page) -> None:
    talk = Talk(page.services._services.memory)
    talk.ask("local", PATIENT_ID, page.session.thread_id, "first")
    talk.ask("local", "somebody-else", "t", "about another")
    talk.ask("dr-b", PATIENT_ID, "t", "of another reader")
    ((label, thread),), this = page.callbacks.threads(page.session, page.services)
    assert label.startswith("first · ") and this == thread
    again = page.callbacks.reopen(thread, page.open(), page.services)
    assert again.thread_id == thread and again.messages[0]["content"] == "first" and again.given["1"].question
    for other in ("t-" + "0" * 32, talk.memory.list("local", "somebody-else")[0].id, talk.memory.list("dr-b")[0].id):
        with pytest.raises((UnknownThread, Exception), match="conversation|reach|patient"):
            page.callbacks.reopen(other, page.session, page.services)


def draft_of(page: Page, request: str) -> str:
    from app.drafting import propose

    draft = propose(page.services, PATIENT_ID, "local", now(), request=request)
    page.session.drafts = [draft.id]
    return draft.id


def test_a_draft_is_confirmed_from_its_card(page: Page) -> None:
    draft_of(page, "add gout to the problem list")
    shown = draft_card.show(page.session, page.services)
    assert shown[0].visible and "Draft: " in shown[1] and "gout" in shown[1].lower()
    before = len(page.store.conditions(PATIENT_ID))
    done = draft_card.decide(True, "", page.session, page.services)
    assert "Confirmed and written" in done[1] and not page.session.drafts
    assert len(page.store.conditions(PATIENT_ID)) == before + 1


def test_a_critical_finding_needs_a_reason_and_a_rejection_writes_nothing(page: Page) -> None:
    draft_of(page, "order ibuprofen 4000 mg PO TID")
    shown = draft_card.show(page.session, page.services)
    assert "ct-critical" in shown[1]
    before = len(page.store.medications(PATIENT_ID))
    refused = draft_card.decide(True, "no", page.session, page.services)
    assert "Not done." in refused[1] and refused[3] == "no" and page.session.drafts
    assert "Rejected" in draft_card.decide(False, "", page.session, page.services)[1]
    assert len(page.store.medications(PATIENT_ID)) == before and draft_card.decide(
        True, "", page.session, page.services
    )


def test_a_draft_of_a_day_that_is_over_is_shown_and_cannot_be_decided_on(page: Page) -> None:
    from app.drafting import propose

    draft = propose(
        page.services, PATIENT_ID, "local", now() - timedelta(days=40), request="add gout to the problem list"
    )
    page.session.drafts = [draft.id]
    box, html, bar, _ = draft_card.show(page.session, page.services)
    assert box.visible and not bar.visible and "Not open for a decision" in html and "gout" in html.lower()
    assert not page.session.drafts


def test_a_conversation_is_deleted_and_another_begins(page: Page) -> None:
    talk = Talk(page.services._services.memory)
    talk.ask("local", PATIENT_ID, page.session.thread_id, "first")
    talk.ask("local", PATIENT_ID, "t-other", "second")
    kept, this = page.callbacks.threads(page.session, page.services)
    other = next(thread for _, thread in kept if thread != this)
    assert this is not None and page.callbacks.delete(other, page.session, page.services) is page.session
    after = page.callbacks.delete(this, page.session, page.services)
    assert after.thread_id != page.session.thread_id and after.patient_id == PATIENT_ID and not after.messages
    assert page.callbacks.threads(page.session, page.services) == ([], None)
    talk.ask("dr-b", PATIENT_ID, "t", "of another reader")
    with pytest.raises(UnknownThread):
        page.callbacks.delete(talk.memory.list("dr-b")[0].id, page.session, page.services)


def test_a_draft_of_another_patient_is_not_shown(page: Page) -> None:
    draft_of(page, "add gout to the problem list")
    page.session.patient_id = "somebody-else"
    assert not draft_card.show(page.session, page.services)[0].visible


def test_poisoned_words_stay_text_in_what_the_page_is_sent(page: Page) -> None:
    page.ask("poison")
    for name in ("copy", "html", "markdown", "pdf", "fhir", "print"):
        found = _Tags()
        found.feed(acts.act(f"{name}-1", page.session, page.services).html)
        assert found.tags == ["pre", "p"], name
    assert POISON
