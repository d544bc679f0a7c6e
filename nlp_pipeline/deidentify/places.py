"""Where people live and where they are cared for: addresses, towns, post codes, hospitals. States and countries stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from nlp_pipeline.deidentify.lexicons import lexicons
from nlp_pipeline.deidentify.spans import Category, PhiSpan

_CAP = r"[A-ZÀ-Þ][\w'’.-]{0,24}"
_STATE_CODES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|RI|SC"
    "|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC|PR"
)
_STATES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa"
    "|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada"
    "|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island"
    "|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin|Wyoming"
)
_STREET = re.compile(
    rf"(?<![\w/.-])\d{{1,5}}[A-Z]?\s+(?:(?:N|S|E|W|NE|NW|SE|SW|North|South|East|West)\.?\s+)?(?:(?:{_CAP}|\d{{1,3}}(?:st|nd|rd|th))\s+){{1,3}}?"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Drive|Dr|Lane|Ln|Boulevard|Blvd|Court|Ct|Way|Place|Pl|Terrace|Ter|Circle|Cir|Highway|Hwy|Parkway|Pkwy|Square|Sq|Trail|Trl|Close|Crescent|Row|Loop|Pike)\b\.?"
    r"(?:,?\s+(?:Apt|Apartment|Unit|Suite|Ste|Room|Rm|Floor|Fl|Flat|#)\.?\s?#?\s?[A-Za-z]?\d{0,5}[A-Za-z]?\b)?"
)
_BOX = re.compile(r"\bP\.?\s?O\.?\s+Box\s+\d{1,7}\b", re.IGNORECASE)
_TOWN_STATE = re.compile(
    rf"(?<![\w'’-])(?P<town>{_CAP}(?:[ -]{_CAP}){{0,2}}),\s?(?:{_STATE_CODES}|{_STATES})\b(?!-?\d|\s?\d{{1,4}}\b|-)\.?(?:[ ,]{{1,2}}(?P<zip>\d{{5}}(?:-\d{{4}})?)(?!\d))?"
)
_ZIP = re.compile(
    rf"(?:\b(?:zip(?:\s?code)?|postal\s+code|postcode)\s*:?\s*|\b(?:{_STATE_CODES})\s+)(?P<zip>\d{{5}}(?:-\d{{4}})?)(?![\d.])",
    re.IGNORECASE,
)
_POSTCODE = re.compile(r"(?<![\w-])(?:[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|[A-CEGHJ-NPR-TVXY]\d[A-Z] \d[A-Z]\d)(?![\w-])")
_LIVES = re.compile(
    r"\b(?:(?:lives?|living|lived|resid(?:es|ing|ed)|born(?:\s+and\s+raised)?|raised|grew\s+up|house|home|apartment|worked|works|working|retired|vacation(?:ed|ing)?|stationed|incarcerated)\s+(?:alone\s+|now\s+|currently\s+)?(?:in|near|outside(?:\s+of)?|at)"
    r"|(?:mov(?:ed|ing)|relocat(?:ed|ing)|emigrated|immigrated|travel(?:l?ed|l?ing|s)?|trip|flew|returned|visiting|drove|native|resident|originally|comes|hails)\s+(?:here\s+|back\s+|recently\s+)?(?:from|to|of|in)|(?:man|woman|male|female|lady|gentleman|boy|girl|patient|child|[a-z]{2,12}(?:[^tfv]er|or|ist|ian|ent|man))\s+from|(?:school|college|church|farm|factory|prison|jail|shelter|office|hospital|clinic|job|camp|hotel|village|town|suburb|outskirts|daycare|group\s+home)\s+(?:in|near|of)|visit(?:ing|ed)|city\s+of|town\s+of|county\s+of|village\s+of)"
    rf"\s+(?:the\s+)?(?:(?:downtown|rural|suburban|northern|southern|eastern|western|central)\s+)?(?P<place>{_CAP}(?:[ -](?:{_CAP}|upon|on|de|la|del|do|am)){{0,2}})"
)
_KIND = (
    r"(?:Medical\s+(?:Center|Centre|Group|Clinic|Associates|Campus|Park)|(?:Memorial|General|Community|Regional|University|County|District|Veterans|Children[’']?s|Women[’']?s|City|Royal|Teaching|Cottage|Psychiatric|State|Surgical|Day)\s+(?:Hospitals?|Clinic|Infirmary|Medical\s+Cent(?:er|re))"
    r"|Hospitals?|Infirmary|Hospice|Clinics?|Health\s?care(?:\s+(?:System|Center|Centre))?|Health\s+(?:System|Cent(?:er|re)|Network|Services|Partners|Care)|Nursing\s+(?:Home|Facility|(?:and|&)\s+Rehab(?:ilitation)?(?:\s+Center)?)|Rehab(?:ilitation)?(?:\s+(?:Center|Hospital|Institute))?"
    r"|Surgery\s+Center|Surgical\s+Center|Cancer\s+(?:Center|Institute|Centre)|Heart\s+(?:Center|Institute)|Eye\s+(?:Center|Institute|Clinic)|Imaging\s+Center|Dialysis(?:\s+(?:Center|Unit))?|Pharmacy|Manor|Assisted\s+Living|Care\s+(?:Home|Center|Centre)|Senior\s+Living|Retirement\s+(?:Home|Community|Village)|Family\s+(?:Practice|Medicine|Health)|Urgent\s+Care|VA(?:MC)?|Institute|Polyclinic|Sanatorium)"
)
_HOSPITAL = re.compile(
    rf"(?<![\w'’-])(?P<name>(?:{_CAP}|St\.)(?:[ -](?:of\s+the\s+|of\s+|and\s+|the\s+|&\s+|de\s+|la\s+)?(?:{_CAP}|St\.)){{0,4}}?)\s+(?P<kind>{_KIND})\b(?:\s+of\s+(?:the\s+)?(?P<tail>{_CAP}(?:\s{_CAP}){{0,2}}))?"
)
_OF_HOSPITAL = re.compile(
    rf"\b(?:University\s+of|Hospital\s+(?:of|for)(?:\s+the)?|Children[’']?s\s+Hospital\s+of)\s+(?P<name>{_CAP}(?:\s{_CAP}){{0,2}})"
)
_SENT_FROM = re.compile(
    r"\b(?:transferred|transfer|discharged|sent|referred|brought|admitted|arrived|seen|evaluated|hospitalized|treated|works?|worked|intubated|stented|cathed|followed)\s+(?:(?:back|over|here|in)\s+)?(?:from|to|at)\s+(?:the\s+)?"
    rf"(?P<place>{_CAP}(?:\s{_CAP}){{0,2}})"
)
_GENERIC = frozenset(
    "the our this that your his her their local outside outlying another other same any each emergency rural community general regional"
    " private public state city county district university memorial academic teaching tertiary primary secondary new old main"
    " north south east west central st and of for at in to from with on by via former referring nearby military veterans va children's"
    " women's medical health care center centre hospital clinic home nursing rehab patient mr mrs ms dr since after before during while"
    " he she they patient's skilled home acute long-term inpatient outpatient department dept unit floor".split()
)
# What hospitals and towns are named after, though the words mean something else too.
_LAND_WORDS = frozenset(
    "oak valley river hill hills lake mercy grove springs forest park ridge mountain mount pine cedar bay harbor shore sacred"
    " saint holy cross trinity samaritan providence baptist methodist presbyterian lutheran adventist sinai summit sunrise"
    " meadow meadows bridge beach coast island brook creek cove haven glen heights crest gardens highland sierra vista"
    " good grand green silver golden willow maple elm birch".split()
)
_OPENS_NAME = frozenset("St. Saint New Old Great Two Three Four Five Seven Twelve".split())
_THINGS = frozenset(
    "criteria criterion classification rule rules score scale definition coma stool disease virus brace grade study protocol consensus"
    " system fever agent heart cohort guidelines scientific marrow syndrome risk diet chart index staging trial cream bengal".split()
)
_COUNTRIES = frozenset(
    "mexico canada china india japan korea vietnam philippines thailand cambodia laos indonesia malaysia pakistan bangladesh nepal iran"
    " iraq syria lebanon israel egypt sudan somalia ethiopia kenya nigeria ghana senegal cameroon congo uganda tanzania zimbabwe zambia"
    " angola mozambique england scotland wales ireland britain france germany spain portugal italy greece turkey russia ukraine poland"
    " romania hungary austria switzerland belgium netherlands denmark norway sweden finland iceland australia cuba haiti jamaica"
    " guatemala honduras nicaragua panama colombia venezuela ecuador peru bolivia chile argentina brazil paraguay uruguay africa asia"
    " europe america usa us uk united states kingdom south north central west east saudi arabia yemen jordan kuwait qatar oman"
    " afghanistan uzbekistan kazakhstan mongolia taiwan singapore morocco algeria tunisia libya caribbean middle puerto rico dominican"
    " republic el salvador costa trinidad barbados bahamas guyana sri lanka myanmar burma eritrea rwanda albania croatia serbia bosnia"
    " czech slovakia slovenia bulgaria estonia latvia lithuania".split()
)


_MOST = 100  # names looked for again: a note names few, and looking for many takes long


def find_places(text: str) -> Iterator[PhiSpan]:
    """Hospitals, addresses, towns and post codes; then the words that name a hospital, wherever else they stand."""
    seen: dict[str, Category] = {}
    people = lexicons().given | lexicons().eponyms
    for span in (*_hospitals(text), *_addresses(text), *_towns(text)):
        name = text[span.start : span.end]
        if name.isascii() and name[0].isalpha() and len(name) > 4:
            for known in (name, name.split()[0]) if span.category is Category.HOSPITAL else (name,):
                if len(seen) < _MOST and (" " in known or (_is_unknown(known) and known.lower() not in people)):
                    seen.setdefault(known, span.category)
        yield span
    if seen:
        again = "|".join(re.escape(name) for name in sorted(seen, key=len, reverse=True))
        for match in re.finditer(rf"(?<![\w'’-])(?:{again})(?![\w-])", text):
            yield PhiSpan(match.start(), match.end(), seen[match[0]])


def _addresses(text: str) -> Iterator[PhiSpan]:
    for match in (*_STREET.finditer(text), *_BOX.finditer(text), *_POSTCODE.finditer(text)):
        yield PhiSpan(match.start(), match.end(), Category.LOCATION)
    for match in _TOWN_STATE.finditer(text):
        start, end = _without_generic(text, match.start("town"), match.end("town"))
        town = text[start:end]
        if (
            town
            and town.lower() not in lexicons().common
            and not (town.isupper() and len(town) < 4)
            and not re.search(r"\d", town)
        ):
            yield PhiSpan(start, end, Category.LOCATION)
        if match["zip"]:
            yield PhiSpan(match.start("zip"), match.end("zip"), Category.LOCATION)
    for match in _ZIP.finditer(text):
        yield PhiSpan(match.start("zip"), match.end("zip"), Category.LOCATION)


def _hospitals(text: str) -> Iterator[PhiSpan]:
    for match in _HOSPITAL.finditer(text):
        start, end = _without_generic(text, match.start("name"), match.end("name"))
        words = text[start:end].split()
        if words and any(_is_unknown(word) or word in {"St.", "Saint"} for word in words):
            yield PhiSpan(start, end, Category.HOSPITAL)
        if match["tail"] and _is_unknown(match["tail"].split()[0]) and not _is_country(match["tail"]):
            yield PhiSpan(match.start("tail"), match.end("tail"), Category.HOSPITAL)
    for match in _OF_HOSPITAL.finditer(text):
        if _is_unknown(match["name"].split()[0]):
            yield PhiSpan(match.start("name"), match.end("name"), Category.HOSPITAL)
    for match in _SENT_FROM.finditer(text):
        words = match["place"].split()
        if all(_is_unknown(word) for word in words) and words[0].lower() not in lexicons().given:
            yield PhiSpan(match.start("place"), match.end("place"), Category.HOSPITAL)


def _towns(text: str) -> Iterator[PhiSpan]:
    for match in _LIVES.finditer(text):
        start, end = _without_generic(text, match.start("place"), match.end("place"))
        words = text[start:end].rstrip(".").split()
        kept = [word for word in words if not _is_country(word)]
        if kept and not _is_state(" ".join(words)) and all(_is_unknown(w) or w.lower() in _town_words() for w in words):
            yield PhiSpan(start, start + len(text[start:end].rstrip(".")), Category.LOCATION)
    for match in _listed_towns().finditer(text):
        following = re.match(r"(?:['’]s)?[\s-]{1,2}([A-Za-z]+)", text[match.end() : match.end() + 20])
        if following is None or following[1].lower() not in _THINGS:
            yield PhiSpan(match.start(), match.end(), Category.LOCATION)


# Towns whose name is a word, or is known for something medical: a place only where somebody lives there.
_NOT_ALONE = frozenset(
    "mobile nice reading cork bethlehem concord providence split orange florence columbia aurora phoenix buffalo rome bristol"
    " glasgow cologne porto salvador lincoln augusta mesa flint cali quincy".split()
)


@lru_cache(maxsize=1)
def _town_words() -> frozenset[str]:
    return frozenset(word for place in lexicons().places for word in place.split()) | {
        "st.",
        "port",
        "mount",
        "fort",
        "lake",
    }


@lru_cache(maxsize=1)
def _listed_towns() -> re.Pattern[str]:
    lex = lexicons()
    alone = lex.places - lex.ambiguous - lex.given - lex.surnames - lex.eponyms - _NOT_ALONE
    names = sorted((name.title() for name in alone), key=len, reverse=True)
    return re.compile(r"(?<![\w'’-])(?:" + "|".join(map(re.escape, names)) + r")(?![\w-])")


def _without_generic(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without the words at its start that name no place ("Outside", "The")."""
    while start < end:
        first = text[start:end].split(maxsplit=1)
        word = first[0].lower().rstrip(".,") if first else ""
        if not first or word not in _GENERIC | lexicons().common or word in _LAND_WORDS or first[0] in _OPENS_NAME:
            break
        start = end - len(first[1]) if len(first) > 1 else end
    return start, end


def _is_unknown(word: str) -> bool:
    """A word of no meaning here: neither common, clinical nor generic."""
    bare = word.strip(".,'’").lower().removesuffix("'s").removesuffix("’s")
    lex = lexicons()
    if bare in _LAND_WORDS:
        return word[0].isupper()
    if len(bare) < 3 or not word[0].isupper() or bare in _GENERIC or bare in _COUNTRIES:
        return False
    if bare in lex.given or bare in lex.surnames or bare in lex.places:
        return bare not in lex.common
    return bare not in lex.common and bare not in lex.clinical and not word.isupper()


def _is_country(name: str) -> bool:
    return all(word.strip(".,").lower() in _COUNTRIES for word in name.split())


def _is_state(name: str) -> bool:
    return re.fullmatch(rf"(?:{_STATES}|{_STATE_CODES})\.?", name) is not None
