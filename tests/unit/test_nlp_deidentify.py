"""De-identification: what is found, what is left, and that only the key leads back."""

from __future__ import annotations

import logging
import time
from datetime import date

import pytest

from domain.errors import InvalidInput
from evals.cases.deid.notes import notes
from nlp_pipeline.deidentify import Category, deidentify, find_phi, pseudonym, reidentify, shift_days
from nlp_pipeline.deidentify.rows import deidentify_row, pseudonymous, reidentify_row, sealed_row
from nlp_pipeline.deidentify.surrogates import Surrogates

KEY = b"0123456789abcdef0123456789abcdef"
OTHER_KEY = b"fedcba9876543210fedcba9876543210"
NOTE = """Patient: OKAFOR, DANIEL J.   MRN: 00482913  DOB: 03/14/1951
Mr. Okafor is a 92-year-old man who lives in Boston, MA 02115 at 12 Elm Street, Apt 4B with his wife Grace.
He was seen at St. Mary's Hospital on 3/2/2020 (Monday) and again March 5th. Transferred from Lakeview Medical Center.
Phone (617) 555-0134, fax: 617-555-9981, d.okafor@mail.com, SSN 123-45-6789, logged in from 10.2.3.4.
J. Okafor takes aspirin 81 mg. Daniel denies pain. Electronically signed by: Priya Raghunathan, PharmD
"""


def found(text: str, category: Category | None = None) -> list[str]:
    return [text[s.start : s.end] for s in find_phi(text) if category is None or s.category is category]


@pytest.mark.parametrize(
    ("text", "category", "expected"),
    [
        ("Dr. Kowalczyk and Mrs. O'Shea agreed.", Category.NAME, ["Kowalczyk", "O'Shea"]),
        ("Drs. Short, Lindqvist and Chen were called.", Category.NAME, ["Short", "Lindqvist", "Chen"]),
        ("Seen by Jean-Luc de la Cruz, MD.", Category.NAME, ["Jean-Luc de la Cruz"]),
        ("Her daughter Grace and her son Will came.", Category.NAME, ["Grace", "Will"]),
        ("THE PATIENT JOHN SMITH WAS SEEN BY DR. JONES AND HIS WIFE MARY.", Category.NAME, ["JOHN SMITH", "JONES", "MARY"]),
        ("mr. smith was seen by dr. jones. john smith denies pain.", Category.NAME, ["smith", "jones", "john smith"]),
        ("Mother: Ashley Johnson G2P1. Baby Girl Johnson.", Category.NAME, ["Ashley Johnson", "Johnson"]),
        ("HE LIVES IN CHICAGO AND WENT TO MERCY GENERAL HOSPITAL.", Category.LOCATION, ["CHICAGO"]),
        ("Rose B. White and Hope Brown-Young came.", Category.NAME, ["Rose B. White", "Hope Brown-Young"]),
        ("Name: THORNE, AVERIL", Category.NAME, ["THORNE, AVERIL"]),
        ("Grace reports pain.", Category.NAME, ["Grace"]),
        ("Ewelina tells us that it hurts.", Category.NAME, ["Ewelina"]),
        ("Seen 2020-03-02, 3/4/21, 5 May 2020 and 07-Jun-2019.", Category.DATE, ["2020-03-02", "3/4/21", "5 May 2020", "07-Jun-2019"]),
        ("From 3/2/2020-3/5/2020, 3/2-3/5/20 and 1/2/20-1/9/20.", Category.DATE, ["3/2/2020", "3/5/2020", "3/2", "3/5/20", "1/2/20", "1/9/20"]),
        ("Admitted 3/14, went home on March 20th.", Category.DATE, ["3/14", "March 20th"]),
        ("She is a 94 y/o woman; her mother was 88 years old.", Category.AGE, ["94"]),
        ("He lives in Walla Walla, WA 99362.", Category.LOCATION, ["Walla Walla", "99362"]),
        ("Mail to 4120 North Bramble Road, Apt 3.", Category.LOCATION, ["4120 North Bramble Road, Apt 3"]),
        ("Moved to Ravenscourt Hospital.", Category.HOSPITAL, ["Ravenscourt"]),
        ("Call (617) 555-0134 or +44 20 7946 0018.", Category.PHONE, ["(617) 555-0134", "+44 20 7946 0018"]),
        ("Fax: 617-555-0135.", Category.FAX, ["617-555-0135"]),
        ("Write to a.b-c@clinic.example.org.", Category.EMAIL, ["a.b-c@clinic.example.org"]),
        ("See https://portal.example.com/p/1.", Category.URL, ["https://portal.example.com/p/1"]),
        ("From 10.11.12.13 and 2001:db8::7.", Category.IP, ["10.11.12.13", "2001:db8::7"]),
        ("MR# 4455667 Acct: V00012345678. Job: 123456", Category.ID, ["4455667", "V00012345678", "123456"]),
        ("MRN 00482913, account # AB-9912, SSN 123-45-6789.", Category.ID, ["00482913", "AB-9912", "123-45-6789"]),
        ("Pacemaker serial number PKL-4471-3X; VIN 1HGCM82633A004352.", Category.ID, ["PKL-4471-3X", "1HGCM82633A004352"]),
    ],
)  # fmt: skip
def test_an_identifier_is_found(text: str, category: Category, expected: list[str]) -> None:
    assert found(text, category) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Parkinson disease, Crohn's disease, Graves disease, Addison's disease and Cushing syndrome.",
        "A Foley catheter was placed; Babinski negative, Murphy's sign negative, Romberg negative.",
        "Will repeat labs. May take two tablets. Mark noted on the skin. Rose bengal stain. Grace period.",
        "Strength 5/5, pain 7/10, BP 142/88, GCS 14/15, murmur 2/6, MMSE 28/30, reflexes 2/4.",
        "Metformin 500 mg BID, carbidopa-levodopa 25/100, Xarelto, Lipitor 40 mg, NovoLog 10 units.",
        "Temperature 98 F, HR 92, weight 93 kg, sodium 140, WBC 9.4, INR 2.0.",
        "An 89-year-old woman. Glasgow Coma Scale 15. Referred to the Pain Clinic and the Diabetes Clinic.",
        "Transferred from an outside hospital. Since 2015 on dialysis. Twice weekly.",
        "HISTORY OF PRESENT ILLNESS:\nDenies CHEST PAIN.\nASSESSMENT AND PLAN: COPD with CHF.",
        "Epstein-Barr virus, Stevens-Johnson syndrome, Guillain-Barre syndrome, B-cell lymphoma.",
    ],
)
def test_medicine_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_the_same_person_stays_the_same_person() -> None:
    first = deidentify(NOTE, patient_id="p1", key=KEY)
    for original in (
        "Okafor",
        "OKAFOR",
        "Daniel",
        "Priya",
        "Kowalczyk",
        "Lakeview",
        "02115",
        "00482913",
        "555-0134",
        "d.okafor",
    ):
        assert original not in first.text
    by_original = {NOTE[r.start : r.end]: r.surrogate for r in first.replacements}
    family, given = by_original["Okafor"], by_original["Daniel"]
    assert by_original["OKAFOR, DANIEL J"].startswith(f"{family}, {given} ".upper())
    assert by_original["J. Okafor"].endswith(family)
    again = deidentify("Mr. Okafor came back.", patient_id="p1", key=KEY)
    assert again.text == f"Mr. {family} came back."
    assert deidentify("Mr. Okafor came back.", patient_id="p2", key=KEY).text != again.text
    assert deidentify("Mr. Okafor came back.", patient_id="p1", key=OTHER_KEY).text != again.text


def test_spans_are_those_of_both_texts() -> None:
    safe = deidentify(NOTE, patient_id="p1", key=KEY)
    assert len(safe.replacements) > 15
    for item in safe.replacements:
        assert safe.text[item.new_start : item.new_end] == item.surrogate
        assert NOTE[item.start : item.end] != item.surrogate
    assert safe.text.count("\n") == NOTE.count("\n")
    assert "aspirin 81 mg" in safe.text and "90+-year-old" in safe.text


@pytest.mark.parametrize(("name", "family"), [("Daniel", "male"), ("Dorothy", "female")])
def test_a_surrogate_has_the_sex_of_the_name(name: str, family: str) -> None:
    from nlp_pipeline.deidentify.lexicons import lexicons

    surrogates = {
        deidentify(f"{name} Brennan reports pain.", patient_id=str(i), key=KEY).text.split()[0] for i in range(20)
    }
    assert len(surrogates) > 5
    assert all(s.lower() in getattr(lexicons(), family) for s in surrogates)


def test_no_surrogate_holds_the_name_that_it_stands_for() -> None:
    made = {Surrogates(n.to_bytes(32), "p").name("Maria Gonzalez", family=True) for n in range(1000)}
    assert len(made) > 100 and not [name for name in made if "maria" in name.lower() or "gonzalez" in name.lower()]


def test_dates_move_by_whole_weeks_and_keep_their_form() -> None:
    days = shift_days("p1", key=KEY)
    assert days % 7 == 0 and 56 <= abs(days) <= 364
    text = "Seen 2020-03-02, then 03/09/2020. Discharged 2020-03-16."
    new = deidentify(text, patient_id="p1", key=KEY).text.replace(".", "").replace(",", "").split()
    first, last = date.fromisoformat(new[1]), date.fromisoformat(new[5])
    assert (first - date(2020, 3, 2)).days == days and (last - first).days == 14
    month, day, year = new[3].split("/")
    assert (date(int(year), int(month), int(day)) - first).days == 7
    assert first.strftime("%A") == "Monday"


@pytest.mark.parametrize(
    "text",
    ["on 3/2/20", "on March 2, 2020", "on 2 March 2020", "on 02-Mar-2020", "in March 2020", "on MAR 2 2020", "on 20200302",
     "since 3/2", "on March 2nd", "in 03/2020", "March 30-31, 2020", "on 31/12/2020"],
)  # fmt: skip
def test_every_form_of_a_date_is_moved_and_comes_back(text: str) -> None:
    safe = deidentify(text, patient_id="p9", key=KEY)
    assert safe.text != text and [r.category for r in safe.replacements] == [Category.DATE]
    assert reidentify(safe.text, safe.sealed, key=KEY) == text


def test_the_text_comes_back_with_the_key_and_not_without() -> None:
    safe = deidentify(NOTE, patient_id="p1", key=KEY)
    assert reidentify(safe.text, safe.sealed, key=KEY) == NOTE
    for text, sealed, key in (
        (safe.text, safe.sealed, OTHER_KEY),
        (safe.text + " ", safe.sealed, KEY),
        (safe.text, safe.sealed[:-4] + "AAA=", KEY),
        (safe.text, "", KEY),
    ):
        with pytest.raises(InvalidInput) as caught:
            reidentify(text, sealed, key=key)
        assert "Okafor" not in str(caught.value) and "Okafor" not in repr(caught.value.details)
    assert "Okafor" not in safe.model_dump_json()


@pytest.mark.parametrize("key", [b"", b"short"])
def test_a_missing_key_is_an_error(key: bytes) -> None:
    with pytest.raises(InvalidInput, match="key"):
        deidentify("x", patient_id="p", key=key)
    with pytest.raises(InvalidInput, match="key"):
        pseudonym("p", key=key)


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "no identifiers here", "Müller 🙂 Dr. Åkesson\r\nJosé", "\ud800 Dr. Smith"]
)
def test_any_text_makes_the_round_trip(text: str) -> None:
    safe = deidentify(text, patient_id="p", key=KEY)
    assert reidentify(safe.text, safe.sealed, key=KEY) == text


def test_known_names_are_found_anywhere() -> None:
    text = "Overnight Zephyrine slept; zest fine."
    assert found(text) == []
    safe = deidentify(text, patient_id="p", key=KEY, known_names=["Zephyrine Quill"])
    assert "Zephyrine" not in safe.text and safe.text.endswith("zest fine.")


@pytest.mark.parametrize(("half", "recall", "precision"), [("tune", 0.99, 0.99), ("held", 0.96, 0.99)])
def test_the_synthetic_halves_keep_their_figures(half: str, recall: float, precision: float) -> None:
    gold = hit = made = right = 0
    for note in notes(half, 60, seed=3):
        spans = find_phi(note.text)
        covered = {i for s in spans for i in range(s.start, s.end)}
        wanted = {i for s in note.spans for i in range(s.start, s.end)}
        gold += len(note.spans)
        made += len(spans)
        hit += sum(all(i in covered or not note.text[i].isalnum() for i in range(s.start, s.end)) for s in note.spans)
        right += sum(any(i in wanted for i in range(s.start, s.end)) for s in spans)
    assert hit / gold >= recall and right / made >= precision


def test_the_generator_repeats_itself_and_its_halves_share_no_names() -> None:
    from evals.cases.deid.templates import HALVES

    assert list(notes("held", 3)) == list(notes("held", 3))
    used = {
        half: {w for words, _ in sets for w in f"{words.women} {words.men} {words.surnames}".split()}
        for half, sets in HALVES.items()
    }
    templates = {half: {t for _, templates in sets for t in templates} for half, sets in HALVES.items()}
    assert not used["tune"] & used["held"] and not templates["tune"] & templates["held"]
    for note in notes("tune", 5):
        assert all(note.text[s.start : s.end].strip() for s in note.spans)


@pytest.mark.parametrize(
    "unit",
    ["fever ", "(", "Smith ", "A. ", "1/", "12-", "a@", "a.", "Dr. ", "Name: ", "St. ", "Oak ", "MRN ", "+1 ", "a::", "Aa of ",
     "Smith, ", "lives in Aa ", "from Aa ", "123 ", "\n", "A-B-", "Aa Hospital ", "van der ", "Van Der ", "seen by ", "SMITH ", "Drs. Aa, "],
)  # fmt: skip
def test_long_input_takes_linear_time(unit: str) -> None:
    find_phi("warm")
    began = time.process_time()
    find_phi((unit * (50_000 // len(unit) + 1))[:50_000])
    assert time.process_time() - began < 4


def test_a_row_is_known_by_another_name_and_comes_back() -> None:
    row = {
        "id": "okafor-1",
        "patient_id": "MRN-77",
        "time": "2020-03-02T10:00:00+00:00",
        "text": NOTE,
        "ward": "Okafor",
    }
    safe = sealed_row(pseudonymous(row, KEY), KEY)
    assert {"id", "text", "patient_id", "time", "replacements", "sealed", "sealed_row"} == set(safe)
    shown = repr({name: value for name, value in safe.items() if not name.startswith("sealed")})
    assert "Okafor" not in shown and "okafor" not in shown and "MRN-77" not in shown and "2020-03-02" not in shown
    assert safe["id"] == pseudonymous(row, KEY)["id"] != pseudonymous(row, OTHER_KEY)["id"]
    assert reidentify_row(safe, KEY) == {k: row[k] for k in ("id", "patient_id", "time", "text")}
    with pytest.raises(InvalidInput):
        reidentify_row(safe, OTHER_KEY)


@pytest.mark.parametrize(
    "change",
    [{"text": 5}, {"text": None}, {"time": "soon"}, {"time": 7}, {"names": "Okafor"}, {"id": [1]}, {"id": None}],
)
def test_a_row_that_cannot_be_read_says_why_and_not_what(
    change: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    row = pseudonymous({"id": "a", "text": NOTE, "patient_id": "p"} | change, KEY)
    with caplog.at_level(logging.DEBUG), pytest.raises(InvalidInput) as caught:
        deidentify_row(row, KEY)
    assert "Okafor" not in str(caught.value) + caplog.text
