"""Whether a question is asked in a language that is not read here."""

from __future__ import annotations

from tools.concepts import Lexicon, common_words, tokenize

# Function words of other languages that are neither English nor clinical short forms.
FOREIGN_WORDS = frozenset(
    "el los las una unos que cual cuál cuáles qué tiene paciente está esta fue cuándo cuando cuánto cuántas último última alergias alergia medicamentos toma por "
    "le les des du est quel quelle quels quelles pourquoi dernier dernière dernieres avez avec sont elle il ils du pression allergies quand combien au aux une "
    "der die das ein eine ist wie welche welches welcher wann hat der patientin letzte letzter letztes letzten nicht und oder für von blutdruck allergien nimmt wurde "
    "il lo gli della delle dei che è sono quali quale quando ultimo ultima ultimi paziente pressione allergie farmaci ha "
    "hat sie er nimmt leidet raucht alter jahre blutzucker medikamente bekommt letzter fume prend dernieres combien âge ans traitement tension artérielle récente a-t-il est-ce "
    "prende anni farmaci valore glicemia quanti ultimi fuma diabetico diabética edad años presión arterial reciente recientes enfermedades vacunas toma fuma visita "
    "ele ela tem anos quantos idade medicamentos fuma pressao quantas última welke medicijnen gebruikt heeft ze bloeddruk leeftijd zijn haar "
    "jakie leki bierze ostatnie ciśnienie krwi wiek pacjentka vilka har hon han allergier läkemedel blodtryck ålder hvilke medisiner son değeri nedir hasta ilaç "
    "alergias alergia medicamentos medicinas medicación presion hemoglobina glucosa creatinina azúcar peso altura vacunas enfermedades diagnósticos diagnosticos "
    "allergien medikamente blutdruck gewicht größe impfungen impfung diagnosen krankheiten nieren leber zuletzt wurde wurden geimpft schwanger "
    "médicaments médicament poids taille vaccins vaccin maladies glycémie hémoglobine créatinine ordonnance dernier dernière rendez-vous enceinte "
    "farmaco allergia allergie peso altezza vaccini malattie emoglobina creatinina glicemia visita ricovero peso altura vacinas doenças hemoglobina creatinina "
    "wat de het een laatste van hoe welk wanneer hoeveel vad är senaste hur vilken vilket när hvad hvor hvilken sidste siste hvornår hva når har hun "
    "jaki jaka jakie jest ma ostatni ostatnia kiedy czy ile pacjent pacjenta hangi nedir kaç zaman mi mikä milloin viimeisin potilas milyen mikor beteg "
    "care este sunt pacientul ultima când kakie kakoe apa berapa pasien kapan ano ang ng huling kailan kya hai kab mareez "
    "o os as um uma qual quais são foi quando paciente última último remédios pressão alergias".split()
) - frozenset(
    "allergies die des as o patient lo ha le vaccin care mi ma de van har has een pression il una au um du son han arterial".split()
)


def is_foreign(text: str, lexicon: Lexicon | None = None) -> bool:
    """Whether a question is in another language: another script, or mostly another language's words."""
    letters = [c for c in text if c.isalpha()]
    if letters and sum(1 for c in letters if ord(c) > 0x24F) > 0.4 * len(letters):
        return True
    words = [t.norm for t in tokenize(text)]
    foreign = sum(1 for w in words if w in FOREIGN_WORDS)
    english = sum(1 for w in words if w in common_words() and w not in FOREIGN_WORDS)
    if foreign >= 2 and foreign > english:
        return True
    if (
        lexicon is not None
        and sum(w.isalpha() and len(w) > 2 for w in words) >= 3
        and not english
        and not any(lexicon.knows_word(w) for w in words)
    ):
        return True
    known = lexicon is not None and any(m.score == 1 for m in lexicon.find_mentions(text, fuzzy=False))
    accented = any(ord(c) > 0x7F and c.isalpha() for c in text.replace("°", "").replace("µ", ""))
    return english == 0 and ((accented and not known) or (foreign >= 1 and foreign * 2 >= len(words)))
