"""Section headers: where they are, where they are not, their categories, and where a section ends."""

from __future__ import annotations

import textwrap
import time
from itertools import pairwise

import pytest

from nlp_pipeline import build_pipeline, find_sections
from nlp_pipeline.structure.titles import COMPOSED, LIKELY, LISTED, UNKNOWN, is_listed, look_up, shape

# Headers stand in ‹ ›.
FLATTENED = (
    "‹REASON FOR CONSULTATION›: Fast heart rate. ‹HISTORY OF PRESENT ILLNESS›: A 77-year-old woman, seen for Dr. Hale,"
    " felt palpitations at 4:30 this morning. ‹PAST MEDICAL HISTORY›: 1. Hypertension. 2. Gout. ‹SOCIAL HISTORY›: Quit"
    " smoking. ‹REVIEW OF SYSTEMS›: As above. ‹PHYSICAL EXAMINATION›: ‹GENERAL›: Comfortable. ‹VITAL SIGNS›: BP: 132/70,"
    " heart rate 128. ‹HEENT›: Normal. ‹LUNGS›: Clear. ‹LABORATORY DATA›: Sodium 138, INR: 1.1. ‹EKG›: Atrial"
    " fibrillation. ‹IMPRESSION›: New atrial fibrillation. ‹RECOMMENDATIONS›: Diltiazem and heparin."
)
NOTES = {
    "commas for line breaks": (
        "‹PREOPERATIVE DIAGNOSIS›: , Ingrown toenail.,‹POSTOPERATIVE DIAGNOSIS›: , Same.,‹OPERATION›: , Nail avulsion."
        ",‹HEMOSTASIS›: , Penrose drain, 12 minutes.,‹MATERIALS USED›: , Phenol 89%.,‹INJECTABLES›: , 3 mL of Marcaine."
        ",‹DESCRIPTION OF PROCEDURE›: , After a time-out at 10:15, the toe was prepped. He had one request: no music."
        ",‹COMPLICATIONS›: , None."
    ),
    "commas, then Title Case": (
        "‹SUBJECTIVE›: , Heel pain for 3 months.,‹MEDICATIONS›: , Her only medicine is Synthroid.,‹ALLERGIES›: , None."
        ",‹OBJECTIVE›:,‹Vitals›: Weight 164 pounds.,‹Neuro›: Sensation intact.,‹ASSESSMENT›: , Plantar fasciitis.,"
        "‹PLAN›: ,1. Stretching.,2. Heel cups."
    ),
    "flattened": FLATTENED,
    "flattened, Title Case": (
        "Dictated by the resident. ‹Chief Complaint›: Follow-up. ‹History of Present Illness›: Mr. Ames is 63. His sugars:"
        " 110 to 150. ‹Past Medical History›: Hypertension. ‹Medications›: Metformin 1000 mg b.i.d. ‹Allergies›: NKDA."
        " ‹Physical Exam›: Weight: 210 pounds. ‹Assessment and Plan›: Continue."
    ),
    "flattened, no punctuation": (
        "‹CC›: sore throat ‹HPI›: 2 days of sore throat ‹PMH›: none ‹MEDS›: none ‹ALLERGIES›: PCN ‹PE›: T 101 ‹HEENT›:"
        " exudates ‹LUNGS›: CTA ‹A/P›: strep, azithromycin"
    ),
    "by lines": (
        "‹CHIEF COMPLAINT›:  Ankle injury.\n\n‹HISTORY OF PRESENT ILLNESS›:  She rolled it on the stairs.  She states: it"
        " popped.\n\n‹MEDICATIONS›:  ALBUTEROL p.r.n.\n\n‹PHYSICAL EXAMINATION›:\n‹VITAL SIGNS›:  Temp: 98.4.  Pulse: 80."
        "\n‹EXTREMITIES›:  Swelling.  Right knee:  nontender.\n\n‹EMERGENCY DEPARTMENT COURSE›:  Films were negative.\n\n"
        "‹PLAN›:  IBUPROFEN 600 mg.  Warned about the following: numbness."
    ),
    "alone on a line": (
        "CONSULTATION NOTE\n\n‹HPI›\nWeight gain. He admits: salty food.\n\n‹Past Medical History›\nCHF\nAtrial Fibrillation"
        "\n\n‹Medications›\nLasix: 40 mg daily\nLisinopril\n\n‹Physical Exam›\n‹General›: NAD\n‹Lungs›: Crackles\n\n"
        "‹Assessment & Plan›\n1. CHF: increase Lasix.\n2. COPD: stable.\n3. Disposition: home."
    ),
    "underlined": "CLINIC LETTER\n-------------\n\n‹Chief Complaint›\n---------\nFever.\n\n‹Sleep Habits›\n======\nPoor.",
    "markdown": "# ‹Chief Complaint›\nNone\n\n**‹Impression›:** gout\n\n**‹Follow up›**\nIn 2 weeks.",
    "numbered": "1. ‹Chief complaint›: Rash.\n2. ‹Medications›: None.\n3. ‹Exam›: Plaques.\n4. ‹Home visit›: Tuesday.",
    "lower case": "‹hpi›: sore throat\n‹pmh›: neg\n‹meds›: none\n‹exam›: t 38.4\n‹lungs›: cta\n‹a/p›: strep. note: see above",
    "dashes": "‹HPI› - 61M with cough.\n‹PMH› - gout.\n‹Allergies› - none.\nSodium - 140",
    "radiology": (
        "‹EXAM›: CT of the abdomen.\n\n‹REASON FOR EXAM›: Pain, ?appendicitis.\n\n‹COMPARISON›: 3/4/2015.\n\n‹TECHNIQUE›: 5"
        " mm images.\n\n‹FINDINGS›:\n‹Liver›: No lesion.\n‹Appendix›: 11 mm.\nIncidental note: a nodule.\n\n‹IMPRESSION›:\n"
        "1. Acute appendicitis.\nDiscussed with Dr. Marsh at 14:20: she will call surgery."
    ),
    "unlisted titles": (
        "‹IDENTIFYING DATA›: A 31-year-old woman.\n‹TESTS ADMINISTERED›: Two scales.\n‹INTELLECTUAL FUNCTIONING›: Average."
        "\n‹AXIS II›: Deferred.\n‹RECOMMENDATIONS›: Weekly therapy. SERTRALINE 50 mg: discussed."
    ),
    "single letters": "‹S›: Better.\n‹O›: BP 120/80. Incision clean.\n‹A›: Doing well.\n‹P›: Return prn.",
    "form in columns": "‹Admission Date›: 3/4/2015   ‹Discharge Date›: 3/9/2015\n\n‹Service›: MEDICINE",
    "wrapped title": "‹CHIEF COMPLAINT›: Cough.\n‹PLAN›: The cough was treated and then it went away. ‹PAST MEDICAL\nHISTORY›: Gout.",
    "title of the note before a header": "DISCHARGE SUMMARY ‹DATE OF ADMISSION›: 1/2/2020 ‹HOSPITAL COURSE›: Good. ‹PLAN›: Home.",
    "a plan's points": "‹Vitals›: T 38\n‹Exam›: alert\n\n‹A/P›: septic shock\nNeuro: propofol off\nResp: wean\nCV: pressors",
}  # fmt: skip

PROSE = [
    "His chief complaint: chest pain. His past medical history was long: diabetes and gout. Labs showed: Na 130, K 4.1.",
    "Treatment was as follows: aspirin. Diagnosis at that time: NSTEMI. On exam: lungs clear. We gave MORPHINE: 2 mg.",
    "She wrote \"PLAN: rest\" on a card, and (Impression: stable) was in the report.",
    "The MRI BRAIN showed atrophy. The PATIENT took ASPIRIN and LISINOPRIL. IN CONCLUSION he recovered.",
    "Seen at 10:30, ratio 1:20, see http://example.org. BP: 120/80, HR: 88, Temp: 37.2.",
    "Plan discussed with family: they agree.",
    "Mother: diabetes\nFather: stroke\nPatient: I feel fine.\nNote: bring the card.",
    "Serum:\nNa+: 140 mEq/L\nGlucose: 95 mg/dL\nHemoglobin: 12 g/dL",
    "COPD, CAD",
    "Past medical history\nincludes gout.",
    "The differential diagnosis\nincludes gout.",
    "With kind regards,\n\nDr. Ruth Sallow\nConsultant Neurologist\n\ncc: Mr. Achebe",
]  # fmt: skip


def unmarked(marked: str) -> tuple[str, list[tuple[int, str]]]:
    """The text of a marked note and its headers."""
    text, headers, start = "", [], 0
    for character in marked:
        if character == "‹":
            start = len(text)
        elif character == "›":
            headers.append((start, text[start:]))
        else:
            text += character
    return text, headers


def headers_of(text: str) -> list[tuple[int, str]]:
    return [(s.start, s.title) for s in find_sections(text) if s.title]


@pytest.mark.parametrize("name", NOTES)
def test_headers(name: str) -> None:
    text, expected = unmarked(NOTES[name])
    found = headers_of(text)
    if name == "markdown":  # the mark of a markdown title belongs to the section, not to the title
        found = [(start + len(text[start:]) - len(text[start:].lstrip("# ")), title) for start, title in found]
    assert found == expected


@pytest.mark.parametrize("text", PROSE)
def test_no_headers(text: str) -> None:
    assert headers_of(text) == []


@pytest.mark.parametrize("width", [45, 60, 80])
def test_wrapping_keeps_the_headers(width: int) -> None:
    text, expected = unmarked(FLATTENED)
    wrapped = textwrap.fill(text, width, break_on_hyphens=False)
    assert [" ".join(title.split()) for _, title in headers_of(wrapped)] == [title for _, title in expected]


@pytest.mark.parametrize(
    ("title", "level", "category"),
    [
        ("Past Medical History", LISTED, "past_medical_history"),
        ("PRE-OPERATIVE DX", LISTED, "diagnosis"),
        ("Preop diagnosis", LISTED, "diagnosis"),
        ("ANAESTHESIA", LISTED, "anesthesia"),
        ("Estimated blood loss", LISTED, "blood_loss_and_fluids"),
        ("PROCEDURE(S) PERFORMED", LISTED, "procedures"),
        ("Labs (3/14)", LISTED, "labs_and_studies"),
        ("PERTINENT LABORATORY DATA ON ADMISSION", COMPOSED, "labs_and_studies"),
        ("Allergies and Medications", COMPOSED, "medications"),
        ("FAMILY AND SOCIAL HISTORY", LISTED, "social_history"),
        ("Past medical and family history", COMPOSED, "past_medical_history"),
        ("Rheumatologic history", LIKELY, "past_medical_history"),
        ("Toe Examination", LIKELY, "physical_exam"),
        ("MATERIALS", UNKNOWN, "other"),
        ("Plan discussed with family", UNKNOWN, "other"),
    ],
)
def test_what_is_known_of_a_title(title: str, level: int, category: str) -> None:
    assert look_up(title)[:2] == (level, category)
    assert is_listed(title) == (level == LISTED)


def test_shapes() -> None:
    titles = ["A/P", "Reason for Visit", "Chief complaint", "hpi", "eGFR", "123"]
    assert [shape(title) for title in titles] == ["caps", "title", "sentence", "lower", "", ""]


def test_items_take_the_category_of_their_section() -> None:
    text = "REVIEW OF SYSTEMS:\nLungs: clear\nPHYSICAL EXAM:\nLungs: clear\nFINDINGS:\nLUNGS: clear"
    assert [s.category for s in find_sections(text)] == ["review_of_systems"] * 2 + ["physical_exam"] * 2 + [
        "findings"
    ] * 2


def test_an_unlisted_title_leaves_the_section_it_stands_in() -> None:
    sections = find_sections("REVIEW OF SYSTEMS: ok\nENERGY LEVELS TODAY: fine\nGI: nausea")
    assert [s.category for s in sections] == ["review_of_systems", "other", "review_of_systems"]


@pytest.mark.parametrize(
    ("text", "inside", "after"),
    [
        ("FAMILY HISTORY: Mother with cancer.\n\nThe patient has had chest pain.", "cancer", "chest pain"),
        ("Family History: Father MI. She presents today with cough.", "MI", "cough"),
        ("PMH: COPD. He was admitted in 2010 with sepsis. He presents with fever.", "sepsis", "fever"),
        ("Allergies: NKDA\n\nShe is a pleasant woman who fell.", "NKDA", "fell"),
        ("Date of Admission: 3/1/2020\nChest pain for two days.", "3/1/2020", "Chest"),
    ],
)
def test_a_section_ends_where_the_text_goes_on_to_the_visit(text: str, inside: str, after: str) -> None:
    first, second = find_sections(text)
    assert first.start < text.index(inside) < first.end <= text.index(after) < second.end
    assert (second.title, second.category) == ("", "")


@pytest.mark.parametrize(
    "text",
    [
        "FH: noncontributory.\n\nHe has a brother with gout.",
        "FAMILY HISTORY: The patient is adopted.",
        "PMH: COPD.\n\nHe had a stroke five years ago.",
        "PMH:\n\nThe patient is known to have gout.",
        "ALLERGIES: Penicillin.\n\nShe had a rash with it as a child.",
    ],
)
def test_a_section_goes_on_where_its_subject_does(text: str) -> None:
    assert len(find_sections(text)) == 1


def test_sections_are_in_order_and_cover_their_titles() -> None:
    for marked in NOTES.values():
        text, _ = unmarked(marked)
        sections = find_sections(text)
        assert sections[-1].end == len(text)
        for section, following in pairwise(sections):
            assert section.end == following.start
        for section in sections:
            assert section.start <= section.body_start <= section.end
            assert text[section.start :].lstrip("#* ").startswith(section.title)


def test_sections_on_a_doc_are_those_of_medspacy() -> None:
    doc = build_pipeline()("Seen today. PMH: gout\nHPI: No fever.")
    found = [
        (s.category, doc[s.title_start : s.title_end].text, doc[s.body_start : s.body_end].text.strip())
        for s in doc._.sections
    ]
    assert found[-1] == ("history_of_present_illness", "HPI:", "No fever.")
    [whole] = build_pipeline()("Seen today.")._.sections
    assert (whole.category, whole.title_span, whole.body_span) == (None, (0, 0), (0, 3))


HOSTILE = [
    "A:" * 25_000, "HPI: " * 10_000, "Abc: " * 10_000, "PMH: " + " " * 50_000, "PMH: x" + ". " * 25_000, "((((:" * 10_000,
    "*" * 50_000 + ":", "x\n" * 25_000, "FH: a " + "The patient presents. " * 2_500, "FH: x" + "\n \n" * 15_000, "word " * 10_000 + ":",
]  # fmt: skip


def test_hostile_text_takes_linear_time() -> None:
    begun = time.process_time()
    for text in HOSTILE:
        find_sections(text)
    assert time.process_time() - begun < 8
