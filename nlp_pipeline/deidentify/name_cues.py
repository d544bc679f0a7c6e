"""The words and patterns around names: titles, labels, relations, degrees, and what is named after somebody."""

from __future__ import annotations

import re

WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_]))*")
APOSTROPHES = re.compile("['’]")  # the lists have "obrien"
TITLES = frozenset("dr drs mr mrs ms mx miss prof professor doctor nurse rev reverend pastor rabbi imam judge sgt capt officer sir madam dame"
                    " señor señora sr sra m. mme herr frau".split())  # fmt: skip
TITLE_GAP = re.compile(r"\.?[ \t]{1,2}[^\W\d_]")
PARTICLES = frozenset(
    "de la del van von der den bin ibn al el da dos das di du le ter ten st san santa y e af ben".split()
)
SUFFIXES = frozenset("jr sr ii iii iv".split())
RELATIONS = frozenset(
    "husband wife spouse partner son daughter mother father mom mum dad brother sister aunt uncle niece nephew cousin"
    " grandmother grandfather grandma grandpa grandson granddaughter stepson stepdaughter stepfather stepmother boyfriend"
    " girlfriend fiancé fiancée fiance fiancee friend neighbor neighbour roommate caregiver caretaker guardian pastor attorney"
    " lawyer landlord employer teacher pharmacist therapist psychiatrist cardiologist surgeon oncologist nephrologist"
    " neurologist pediatrician dermatologist urologist gynecologist endocrinologist pulmonologist rheumatologist"
    " gastroenterologist obstetrician physician internist resident intern attending fellow nurse midwife dietitian"
    " nutritionist interpreter chaplain hospitalist pcp gp np pa daughter-in-law son-in-law mother-in-law sister-in-law"
    " brother-in-law father-in-law twin sibling worker manager coordinator patient pt named called counselor colleague nok poa hcp interpreter".split()
)
AFTER_BY = frozenset(
    "see saw met meet meeting regarding re evaluate evaluating referring introduce by with per cc named called from to and nok poa dear".split()
)
LABEL = re.compile(
    r"(?<![^\W\d_])(?:(?:patient|pt|full|legal|preferred|maiden|mother'?s|father'?s|first|last|middle|family|given|sur|nick|resident|client|child'?s?|infant'?s?)?\s?"
    r"names?(?:\s+of\s+patient)?|patient|pt|client|resident|attending(?:\s+(?:physician|md|surgeon))?|physician|provider|pcp|primary\s+care(?:\s+(?:physician|provider|doctor))?"
    r"|(?:co-?)?surgeon|assistants?|first\s+assistant|an[a]?esthesiologist|anesthesia|referring(?:\s+(?:physician|provider|md|doctor))?|consult(?:ant|ing\s+physician)"
    r"|cc|copies\s+to|copy\s+to|attn|attention|to|from|re|author|dictator|transcriptionist|scribe|radiologist|pathologist|cardiologist|nurse|rn|md|interpreter|social\s+worker|case\s+manager"
    r"|emergency\s+contact|next\s+of\s+kin|nok|guardian|contact(?:\s+person)?|spouse|wife|husband|mother|father|son|daughter|sister|brother|informant|historian|caregiver|partner"
    r"|(?:health\s*care\s+)?(?:proxy|poa|surrogate)|hcp|signed|signature|sincerely|regards|insured|subscriber|guarantor|employer\s+contact|witness(?:ed\s+by)?|operator|technologist|tech"
    r")[ \t]*(?:\([^)\n]{1,20}\)[ \t]*)?[:=][ \t]*",
    re.IGNORECASE,
)
BY = re.compile(
    r"\b(?:dictated|transcribed|signed|authenticated|reviewed|referred|seen|evaluated|examined|prepared|entered|verified|performed|written|ordered|interpreted|read|reported"
    r"|co-?signed|attested|recorded|accompanied|brought\s+in|followed|cared\s+for|prescribed|operated\s+on|collected|approved|completed|notified|discussed|spoke|spoken|consulted|administered)"
    r"(?:\s+(?:electronically|in\s+detail|on\s+the\s+phone|today|directly))?\s+(?:by|with)\s*:?\s+(?:her|his|their|the)?\s?"
    r"|\bbaby\s+(?:girl|boy)\s+|\b(?:goes\s+by|prefers\s+to\s+be\s+called|known\s+as|a\.?k\.?a\.?|n[ée]e|nicknamed|named|whose\s+name\s+is|name\s+is|named\s+after|c/o\s+Dr\.?|care\s+of|under\s+the\s+care\s+of|sincerely,?|regards,?|yours\s+truly,?|dear)\s+[\"“']?",
    re.IGNORECASE,
)
CREDENTIAL = re.compile(
    r"(?:,[ ]?|[ ]|[ ]\()(?:M\.?D\.?|D\.O\.|DO|R\.?N\.?|NP|PA-?C|PA|Ph\.?D\.?|LPN|LVN|CRNA|DPM|DDS|DMD|MBBS|MBChB|FRCPC?|FRCS|FACC|FACS|FACP|PharmD|RPh|LCSW|MSW"
    r"|OTR/?L?|PT|DPT|RD|CNM|APRN|ARNP|FNP(?:-BC|-C)?|DNP|AGNP|CNA|RRT|CCC-SLP|SLP|OD|PsyD|CNS|BSN|MSN|CCRN|MPH|EMT|Esq)(?![\w])"
)
DEGREES = frozenset(
    "md do rn np pa phd lpn crna dds mbbs mbchb frcp frcs facc facs pharmd rph lcsw msw aprn arnp fnp dnp cna psyd bsn msn mph".split()
)
SPEAKS = frozenset(
    "reports states denies says endorses complains lives presents agrees verbalized reported stated denied agreed admits describes"
    " tells told asks asked wants prefers understands".split()
)
NOT_AFTER_TITLE = frozenset("office appointment visit note notes and at has was will who in on the to for".split())
PEOPLE_ONLY = frozenset(
    "denies endorses tells told says said complains verbalized lives reports states wants prefers".split()
)
PERSON_VERBS = SPEAKS | {"was", "is", "has", "had", "will", "called", "came", "returned", "arrived", "saw"}
HEADS = frozenset(
    "disease syndrome sign signs test tests palsy murmur catheter drain score scores criteria criterion scale classification"
    " fracture procedure operation repair maneuver manoeuvre reflex reflexes law phenomenon lymphoma sarcoma tumor tumour"
    " thyroiditis contracture stain body bodies cells cell node nodes ring lines line spots spot nodules pouch tube tubes"
    " forceps clamp retractor position angle triad pulse breathing respirations respiration index formula equation grade"
    " stage staging encephalopathy ataxia dystrophy chorea aphasia area anemia anaemia esophagus oesophagus hernia ulcer"
    " gangrene paralysis apparatus suture incision bandage brace boot shunt valve loop duct canal tunnel patch flap stool"
    " chart coma lactate solution virus fever disorder malformation anomaly tetralogy cyst rule rules scan study trial"
    " lesion deformity arthropathy nephropathy neuropathy purpura vasculitis arteritis granulomatosis gastroenteropathy"
    " macroglobulinemia osteodystrophy amyloidosis plaque plaques corpuscle tendon pain crisis scoring model protocol"
    " guidelines definition consensus therapy technique method view views lamp filter nails pins rods cannula needle".split()
)
MONTHS = frozenset("april may june august".split())
BEFORE_MONTHS = frozenset(
    "in on of by since until till from early late mid last next this to and before after during".split()
)
GRADED = re.compile(r"\s(?:\d|I{1,3}\b|IV\b|stage|type|grade|score|class)")
MAX_WORDS = 5


LOOKS_LIKE_DRUG = re.compile(
    r"(?:mab|nib|tinib|vir|azole|cillin|mycin|micin|floxacin|prazole|sartan|pril|olol|dipine|statin|gliptin|gliflozin|glutide|parin|xaban|azepam"
    r"|azine|idine|amine|itis|osis|emia|aemia|[a-z]{4}oma|ectomy|ostomy|otomy|plasty|scopy|graphy|pathy|uria|algia|ology|ologist|megaly|trophy|plegia)s?$"
)
