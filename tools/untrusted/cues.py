"""What makes a sentence an order to software: who is addressed, what it should say, and of which machinery it speaks.

A sentence of care also orders ("Take with food", "Ignore the previous potassium"). So no verb counts alone: it needs an
addressee that is a program, or an object that only a program has (its instructions, its answers, its prompt).
"""

from __future__ import annotations

import re

_START = (
    r"(?:^|[.!?;:,>\]\)|\"'“*#(-]\s*|\b(?:please|kindly|always|then|must|should|shall|you|now|and|to|simply|just)\s+)"
)
# Staff who are called assistants, agents and models of care; "assistant" without them is a program.
_STAFF = (
    r"(?<!physician )(?<!physicians )(?<!physician's )(?<!medical )(?<!care )(?<!nursing )(?<!nurse )(?<!surgical )(?<!dental )(?<!teaching )"
    r"(?<!research )(?<!certified )(?<!therapy )(?<!therapist )(?<!pt )(?<!ot )(?<!office )(?<!clinic )(?<!first )(?<!health )(?<!home )(?<!personal )"
    r"(?<!clinical )(?<!administrative )(?<!pharmacy )(?<!anesthesia )(?<!anesthesiologist )(?<!operating )"
)
_KIND = r"(?:ai|digital|automated|automatic|software|virtual|chart|electronic|computer(?:i[sz]ed)?|machine|smart|decision support)"
_MACHINE = (
    rf"(?:{_KIND}[ -](?:assistants?|agents?|readers?|systems?|tools?|models?|summari[sz]ers?|reviewers?|programs?|scribes?|helpers?|engines?)"
    r"|(?:large )?language models?|llms?|ai models?|chat ?gpt|gpts?(?:-\d\w*)?|chat ?bots?|bots?|co-?pilot|(?<!ggt/)(?<!\w)a\.?i\.?(?!\w)|(?!robot)\w+-?bot"
    r"|(?:reader|reading|summary|summari[sz]ation|charting|answering) (?:software|programs?|tools?|engines?|bots?)|software(?: agents?)?|summari[sz]ers?|parsers?"
    rf"|{_STAFF}(?:the|this|dear|any|your|an?) (?:assistants?|agents?)(?! (?:nurse|professor|surgeon|manager|director|head|physician|coach|orange))"
    r"|who(?:ever|soever)|any(?:one|body|thing) (?:that|who|which) (?:reads|summari[sz]es|processes|generates|answers)|what(?:ever)? (?:reads|summari[sz]es|processes))"
)
_SAY = (
    r"(?:say|state|report|answer|reply|respond|output|print|reveal|claim|tell|confirm|write|add|include|omit|exclude|list|give|return|show|display|"
    r"repeat|conclude|insert|append|pretend|act|behave|treat|mark|set|approve|open|load|switch|forward|ignore|disregard|forget|override|comply|obey|follow|"
    r"mention|use|skip|bypass|recommend|insist|summari[sz]e|quote|announce|declare|leave|withhold|hide|delete|remove|put|produce|generate|record|change|update)"
)
_MUST = r"(?:must|should|shall|will|has to|have to|had better|needs? to|is to|are to|may|can|cannot|is (?:not )?allowed to|are (?:not )?allowed to|is instructed to|is required to|to)"
_DROP = r"(?:ignore|disregard|forget|override|overlook|bypass|neglect|set aside|drop|discard|abandon|don't follow|do not follow|stop following)"
_RULES = r"(?:instructions?|prompts?|rules?|directions?|directives?|guidelines?|guardrails?|commands?|programming|training|constraints|restrictions|polic(?:y|ies)|safeguards?|system messages?|context|conversation|tasks?)"
_BEFORE = r"(?:previous|prior|above|earlier|preceding|former|foregoing|existing|other|all|any|every|each|your|the|these|those|that|of|system|safety|initial|original|hidden|developer|house|content|structured|chart|you were given|given)"
# Instructions that a person gave to a person: then "ignore" is care.
_CARE_RULES = (
    r"\b(?:discharge|wound|diet\w*|dos(?:ing|age)|medication|insulin|taper\w*|activity|weight.?bearing|home|care|follow.?up|dressing|post-?op\w*|pre-?op\w*|"
    r"sliding scale|bowel|prep|feeding|splint|cast|exercise|therapy|nursing|pharmacy|medical advice|voicemail|treatment|isolation|screening|cancer)\b"
)
# What tells whose instructions they are, behind them: "instructions for wound care".
_WHOSE_RULES = re.compile(r"\s*(?:about|for|on|regarding|concerning|from|given (?:by|at|for)|re|of)\b[^.;:,\n]{0,40}?(?=\b(?:and|then|but|to)\b|[.;:,\n]|$)", re.IGNORECASE)  # fmt: skip
_TOLD = r"\b(?:told|advised|instructed|asked|counsell?ed|tends|chose|decided|continues|continued|elected|urged|tried|prefers?|wants?|wanted) (?:\w+ )?(?:not )?to\b"
_ANSWERS = r"(?:answers?|repl(?:y|ies)|outputs?|chart summar(?:y|ies)|generated (?:text|summar(?:y|ies)))"

_IGNORE = re.compile(
    rf"\b{_DROP}\b(?:\s+(?:{_BEFORE}|\w+ly))*\s+(?:\w+\s+){{0,2}}?{_RULES}\b|\b{_DROP}\s+(?:everything|anything|all|what)\b[^.]{{0,25}}\b(?:above|before|said|told|so far|previously|earlier|you)\b"
    rf"|\b{_DROP}\s+the\s+(?:structured )?(?:chart|record)(?: data)?\s+(?:above|and|,)|\b(?:do not|don't|never)\s+(?:obey|follow|trust)\s+(?:\w+\s+){{0,3}}?(?:{_RULES}|structured record)\b",
    re.IGNORECASE,
)
_STRONG = re.compile(
    # a program is addressed and told what to say
    rf"\b{_MACHINE}\b[^.\n]{{0,60}}?\b{_MUST}\s+(?:not\s+|never\s+|always\s+|also\s+|only\s+|now\s+|please\s+)?(?:be\s+)?{_SAY}\b"
    rf"|(?:\b(?:dear|hey|hello|hi|attention|ok|okay|note (?:to|for)|message (?:to|for)|memo (?:to|for)|instructions? (?:to|for)|to|for|if you are)\b\W*(?:all |any |every |an? |the |this |our )?){_MACHINE}(?=\W*(?:[:,!-]|$|reading|who|that|please|must|should|report|{_SAY}\b))"
    rf"|\b{_MACHINE}\s*(?:instructions?|prompts?|notes?|directives?|override)?\s*[:,]\s*(?:please\s+|you\s+(?:must|should|are|will|may)\s+|kindly\s+|always\s+|never\s+|do not\s+|the (?:reader|user)\s+)?{_SAY}\b"
    rf"|\bwho(?:m?ever|soever|ever)\s+(?:is\s+)?(?:reads?|reading|summari[sz]\w+|process\w+|generat\w+|answers?|answering|writes?|writing|prepar\w+)\b[^.\n]{{0,50}}(?:\b{_MUST}\s+{_SAY}\b|:)"
    r"|\bas (?:the|an?) (?:ai|assistant|language model|model|llm|chat ?bot)\b(?:\W+(?:assistant|model))?[, ]+(?:you|i)\b|\b(?:ai|llm|gpt|chat ?bot|language model)\s+(?:instructions?|prompt|directive|override)\b"
    rf"|\b(?:assistants?|agents?|models?)\s+(?:reading|processing|summari[sz]ing|parsing)\b|\b(?:authori[sz]e|permit|instruct|order|command|allow|ask) (?:the|this|any|your) {_STAFF}(?:assistant|ai|model|agent|chat ?bot|software|system)\s+to\b"
    # what it is, and the mode it works in
    r"|\byou are (?:now |no longer |actually |really |hereby )?(?:an?\s+|the\s+|in\s+)?(?:\w+[ -]){0,3}?(?:\w*bot|assistant|ai|language model|agent|dan|gpt|mode|unrestricted|unfiltered|jailbroken)\b|\byour new (?:role|task|goal|job|instructions?|persona|identity)\b"
    r"|\b(?:maintenance|developer|debug|admin|god|dan|jailbreak|unrestricted|test|override) mode\s*(?:is|:|on\b|enabled|active|\.)|\b(?:enter|switch to|activate|enable) (?:\w+ )?mode\b(?=.{0,30}(?:answer|respond|assistant|allow|unrestrict|$))"
    r"|(?:^|[.;:!-]\s*)(?:let us|let's) (?:play|pretend|role-?play)\b|(?:^|[.;:!-]\s*)(?:please )?(?:pretend|imagine|role-?play)\s+(?:to be|you are|you're|that you|as)\b|(?:^|[.;:!-]\s*)act as (?:an? |the )?(?:\w+ ){0,2}(?:ai|bot|assistant|model|dan|without)\b"
    r"|\b(?:respond|answer|reply|speak|act|behave|pretend|doctor|nurse|assistant|bot)\b[^.\n]{0,30}\bwithout (?:any )?(?:limits|restrictions|rules|filters?|guardrails)\b"
    # the machinery that only software has
    r"|\b(?:system|initial|hidden|secret|developer) prompts?\b|\bsystem (?:message|override|directive|instruction)s?\b\s*[:\]]|\b(?:api key|access token|environment variables?)\b"
    r"|\b(?:tool|function)[_ ](?:result|output|call|response|message)s?\b|\b(?:Tool|AI|Human|System)Message\b|\bfinal answer\s*:|\baction input\s*:|\bnew (?:task|objective|directive|prompt)s?\s*[:>]|\bnew instructions?\s*[:>][^\n]{0,80}\b(?:you|your|answer|respond|reply|ignore|reveal|list|patients|say|report|system|print|output|open|assistant|ai)\b"
    r"|\b(?:skip|disable|turn off|switch off|bypass|suspend)\b[^.\n]{0,20}\b(?:verification|fact.?check\w*|guardrails?|safety (?:filters?|checks?)|the verifier|citations?)\b|\bverification is (?:off|disabled)\b|\bbound patient\b|\bset\s+\w+(?:\.\w+)+\s*="
    r"|\bdecode (?:and|then|this)\b[^.\n]{0,20}(?:obey|follow|execute|run|do|:)|\b(?:rot-?13|base ?64)\b"
    rf"|\b(?:supersedes?|overrides?|replaces?|trumps?|outranks?|takes? precedence over)\b[^.\n]{{0,40}}\b(?:structured|the record|chart (?:record|data)|database|house rules|system rules|any other source|all (?:other )?(?:sources|rules|instructions|prior results in))\b"
    # what is said, wherever it is said
    rf"|\b(?:every|each|any|all|your|future|the final)\s+(?:\w+\s+)?{_ANSWERS}\b(?!\s+(?:to (?:treatment|therapy)|devices?|tube))|\b(?:any|every|all|your) (?:generated )?summar(?:y|ies)\b(?=.{{0,40}}\b(?:must|should|begin|include|add|omit|leave|out)\b)|\b(?:out of|from|in) (?:any|every|all|your) summar(?:y|ies)\b"
    rf"|\banswers?\s+(?:must|should|shall|have to|has to)\s+(?:always\s+|only\s+|not\s+)?(?:be\s+)?(?:{_SAY}|begin|start|end|contain|never)\b|\b{_SAY}\b[^.\n]{{0,40}}\bto (?:all|any|every|each|\w+) (?:questions|queries)\b"
    rf"|\bbefore (?:you )?(?:answer(?:ing)?|respond(?:ing)?|reply(?:ing)?)\b\W*,?\s*(?:please\s+|first\s+|always\s+)?{_SAY}\b|\b(?:before|when(?:ever)?|while|if|once|until) you (?:answer|respond|reply|summari[sz]e|generate|are asked|process|read this)\b"
    r"|\bwhen(?:ever)? (?:generating|producing|composing|creating|writing|answering|summari[sz]ing)\b[^.\n]{0,40},\s*(?:please |always |do not |don't |never |you )?(?:"
    + _SAY
    + r"|do not|never)\b"
    rf"|\b(?:when|if|whenever|once)\b[^.\n]{{0,50}}\b(?:asked|asks?|queries|queried|(?<!have )(?<!any )questions?|inquires?|wants to know)\b[^.\n]{{0,60}}(?:,|\bthen\b|\balways\b)\s*(?:always |just |you |please |only )*(?:say|answer|reply|respond|state|claim|give|report|tell (?!us\b|your|the nurse|staff)|insist|output)\b"
    r"|(?:^|[.!;:,]\s*|\b(?:please|must|on|always)\s*,?\s*)(?:respond|reply|answer)\s+(?:only|exclusively|always|solely)?\s*(?:with (?:the|only|an?|just)?\s*(?:word|phrase|text|sentence|letter|code|capital|yes|no|\")|in (?:only )?(?:capital|caps|french|german|spanish|rhyme|json)|only in|that the\b|none\b|\"|'|(?<=only )with\b|(?<=exclusively )with\b|(?<=always )with\b)"
    r"|\b(?:must|always) (?:answer|reply|respond)\b(?=\s*(?:with|that|only|in\b|no\b|yes\b|none|to (?:all|any|every)|[\"“':]))"
    rf"|{_START}(?:do not|don't|never)\s+(?:ever\s+)?(?:mention|reveal|disclose|report|cite|display|include|repeat|tell|show|quote)\b[^.\n]{{0,50}}\b(?:users?|clinicians?|the record|allerg(?:y|ies)(?: list)?|chart|structured|answers?|this (?:instruction|message|prompt|order))\b"
    r"|\bdo not display (?:it|this|them)\b|\b(?:remove|delete|drop|omit|hide)\b[^.\n]{0,40}\b(?:from|in) (?:all|any|every|your) (?:answers?|repl\w+|outputs?|responses?|summar\w+)"
    r"|(?:^|[.!?:;-]\s*)(?:please\s+)?(?:tell|inform) the (?:user|clinician|reader|person (?:who|that) asks)\b[^.\n]{0,40}\bthat\b|\bconfirm to the (?:user|clinician|reader)\b"
    r"|\boverride\s*:\s*(?:nkda|none|no known|cleared|all|delete|remove|allerg)"
    # orders to whoever writes the answer, in whatever words
    rf"|\byour (?:final |next |whole |entire |only )?(?:reply|response|answer|output)\b[^.\n]{{0,30}}\b(?:states?|says?|must|should|contains?|includes?|begins?|is to|will|has to)\b|\bas your (?:final |next |only )?(?:reply|response|answer|output)\b|\byour only source\b|\b(?:assistant|ai|model|bot)['’]s (?:response|answer|reply|output|summary)\b|\b(?:ai|auto(?:matically)?)[- ]?generated (?:summary|answer|text|reply)\b[^.\n]{{0,30}}\b(?:must|should|says?|states?)\b|\bthe generated (?:summary|answer|text|reply)\b"
    rf"|\b(?:the )?(?:correct|right|only|expected|true|proper) (?:answer|reply|response) (?:to|is|for)\b[^.\n]{{0,40}}(?:\bquestions?\b|[\"“'])|\byou (?:say|answer|reply|respond)\s*:|\bif you(?:'re| are) (?:not (?:a )?human|a machine|automated|a program|software|artificial|reading this automatically)\b"
    r"|\b(?:hidden|secret|internal|original) (?:instructions?|rules|prompts?)\b|\b(?:translate|print|display|reveal|show|repeat|output|quote|recite|leak) (?:me )?your (?:\w+ )?(?:instructions|rules|prompts?|guidelines|configuration)\b|(?<![a-z])system[ _-]?prompt|\bgrant\w* (?:\w+ )?access to (?:all|other|any|every)\b|\bset (?:the )?confidence\b"
    r"|\byou (?:have been|were|are) (?:\w+ )?(?:upgraded|reprogrammed|unlocked|jailbroken|reset|freed|liberated)\b|\byour (?:safety |system |internal |previous )?(?:rules|guardrails|guidelines|filters?|programming|safety)\b[^.\n]{0,20}\b(?:disabled|off|void|suspended|lifted|removed|no longer|do(?:es)? not apply|cancelled)\b"
    r"|\b(?:print|output|type|insert|include|return|respond with|reply with|answer with) (?:only )?the (?:word|phrase|sentence|text|string|token|code)\b|\b(?:return|output|print|reply|respond|must say|must answer|should say|should answer|must state|to say|to answer)\s+(?:only\s+|with\s+)*[\"“][^\"”\n]{1,80}[\"”]"
    rf"|\b{_DROP}\s+(?:what|whatever|anything|everything)\b[^.\n]{{0,20}}\b(?:record|chart|structured|database|system)\b|(?:^|[.;:!-]\s*)(?:please\s+)?(?:skip|{_DROP})\b[^.\n]{{0,50}}\b(?:and|then)\s+(?:just\s+|only\s+|always\s+)?(?:answer|say|reply|respond|state|claim|print|output|insist)\b"
    rf"|\b(?:automated|automatic|computer|software) (?:process\w*|pipelines?|services?|jobs?)\b[^.\n]{{0,50}}\b(?:{_MUST}|is required to|are required to)\b|\b(?:attention|hi|hello|hey|dear)\s+(?:there,?\s+)?(?:model|gpt|ai|llm|bot|chat ?gpt|copilot|claude|gemini|siri|alexa)\b|\bnew conversation\b[^\n]{{0,40}}\b(?:user|you)\b"
    r"|[%#=*~{\[|]{2,}\s*(?:begin |end |start )?(?:system|admin(?:istrator)?|developer|assistant|prompt|root)(?: (?:prompt|message|override|instructions?))?\s*[%#=*~}\]|]{2,}|\bSELECT\s+(?:\*|[\w, ]+)\s+FROM\s+\w+|\bDROP\s+TABLE\b|\b(?:eval|exec|os\.system|subprocess\.\w+|open|print|fetch|console\.log|alert|require|__import__)\s*\(\s*['\"`]"
    r"|\b(?:assistant|ai|model|software|bot|computer|program)\b[^.\n]{0,40}\b(?:unless|until|so that|such that) it (?:says?|states?|reports?|answers?|confirms?|claims?)\b|\b(?:ask|demand|request|insist|want)s? that (?:my|the|this|your) (?:computer|software|assistant|ai|program|bot)\b"
    r"|\b(?:(?:notes?|messages?|notices?|instructions?|memo|directive)\s+(?:to|for)|attention(?: of)?[:,]?)\s+(?:(?:any|all|every|the|whatever|whichever)\s+)?(?:automated|automatic|ai|artificial|machine|llm)[- ](?:\w+ )?(?:readers?|reviewers?|agents?|systems?|summari[sz]ers?|assistants?|scribes?|models?|tools?)\b"
    r"|\brely (?:only |solely )?on this (?:note|paragraph|text|message)\b|\byour (?:task|job|goal|role) (?:has changed|is (?:now )?to)\b|\boverrid\w+ (?:all|any|every) (?:\w+ )?(?:guidance|instructions?|rules|guidelines)\b|\b(?:given|told|said) to the (?:model|assistant|ai|bot|software)\b"
    r"|\bwhatever (?:the|they|you|is) (?:question|ask|are asked|asked)\w*\b|\b(?:respond|reply|answer) with the\b|\bcontext window\b|\bstop reading the (?:record|chart)\b"
    # other people's data, and sending it away
    r"|\b(?:reveal|print|output|repeat|leak|dump|show|list|give|export|send|read out|name)\b[^.\n]{0,40}\b(?:system prompt|your (?:\w+ )?(?:instructions|rules|prompt)|(?:all )?other patients?\b(?!'s (?:room|bed))|all patients?|every patient|password|names and (?:mrns?|diagnos\w+)|other (?:charts?|records)|(?:whole|entire|complete|patient) database|list of the ward)"
    rf"|\b(?:open|load|continue with|switch to|access|reveal|query|read)\b[^.\n]{{0,20}}\b(?:other charts?|another chart|the chart of|that chart|the chart for|other (?:patients'?|people's) (?:charts?|records?))\b|\b(?:may|can|are authori[sz]ed to) (?:reveal|open|load|access) (?:other|all|any) charts?\b"
    r"|\b(?:send|forward|e-?mail|post|upload|transmit|exfiltrate|copy)\b[^.\n]{0,50}\b(?:record|chart|data|conversation|history|list|answers?)\b[^.\n]{0,40}(?:[\w.+-]+@[\w-]+\.\w|https?:|www\.)",
    re.IGNORECASE,
)
# Special tokens of chat templates, and roles written as labels at the start of a line or sentence.
_TEMPLATE = re.compile(
    r"<\|[\w ]{2,30}\|>|\[/?INST\]|<<\/?SYS>>|\[{1,2}\s*(?:system|assistant|developer|admin(?:istrator)?|user|tool|function)\b[^\]\n]{0,30}\]|#{2,}\s*(?:instructions?|response|system|prompt|user|assistant|input)\s*:?"
    r"|(?:^|[\n.!?;|-]\s*|^.{0,60}?- )(?:system|assistant|developer|user|tool|function|root)\s*>\s*\S",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"(?:^|[\n.!?;|\"“`#*>)-]\s*)(?P<who>system|assistant|developer|admin(?:istrator)?|user|human|tool|function|a\.?i\.?|model|bot|llm|chat ?bot|chatgpt|gpt|copilot|claude|gemini)"
    r"(?:\s*(?:prompt|message|override|instruction|note|directive|command|update|notice|notification|announcement))?\s*:\s*(?P<said>[^\n]+)",
    re.IGNORECASE,
)
# What a label of the chart is followed by (a name, a finding, a device) is care; an order or a statement to repeat is not.
_ROLE_SAYS = re.compile(
    rf"^\W*(?:please\s+|always\s+|never\s+|do not\s+|don't\s+|you\s+(?:must|should|are|will|may|can)\b|confirmed\b|understood\b|sure\b|here is\b|(?:now\s+)?{_SAY}\b|the (?:patient|reader|user|record|chart|potassium|\w+ is|\w+ was)\b|no (?:known )?allerg|all \w+ (?:is|are|were|was)\b|allerg\w+ ?(?:->|=|list)|\{{|\[|<|\"role|(?:latest|list|get)_?\w*\s*\()"
    r"|\b(?:mode (?:is )?on|mode\b.*\b(?:on|enabled)|allerg\w+ (?:list )?(?:is |are |were )?(?:cleared|purged|removed|deleted|erased)|report nkda|has no allergies|is allergic to\?|i now know)\b|->\s*[\[{]|\bresult\s*=",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"^\s*(?:dr\.?|mr\.?|mrs\.?|ms\.?|prof\.?)?\s*[A-Z][\w.'’-]*(?:[ ,]+[A-Z][\w.'’-]*){0,6}\W*$|^\s*(?:none|n/?a|self|staff)\W*$"
)
_SPOKEN = re.compile(
    r"(?:^|\n|- )\s*(?:user|human|question|q)\s*:[^\n]+\n\s*(?:assistant|ai|bot|model|chatgpt|gpt)\s*:", re.IGNORECASE
)
_REASONING = re.compile(
    r"(?:^|\n|[:-]\s)\s*(?:thought|action|action input|observation|final answer)\s*:", re.IGNORECASE
)
# The same order in the languages that are written in Latin letters: to drop the instructions, or to say something of the patient.
_FOREIGN_DROP = (
    r"\b(?:ignor(?:a|e|en|ad|ar|i|ate|ez|iere|ieren|ieren sie|er|era|uj|ujcie|ujte|ă|ați)|desconsidere|descarta|descarte|olvida|olvide|esque[cç]a|oublie[zr]?|vergiss|vergessen sie|missachte|negeer|vergeet|bortse|glöm|glem|se bort fra|zignoruj|"
    r"pomiń|zapomnij|dimentica|trascura|unohda|ohita|görmezden gel|yok say|unut|abaikan|lupakan|bỏ qua|felejtsd el|hagyd figyelmen kívül|uită)\b"
)
_FOREIGN_RULES = (
    r"\b(?:instrucciones|indicaciones|reglas|[óo]rdenes|instruç(?:ões|oes)|regras|istruzioni|regole|consignes?|instructions précédentes|directives|règles|anweisung\w*|vorgaben|regeln|instructies|aanwijzingen|regels|instruktion\w*|instruks\w*|"
    r"instrukcj\w*|polecen\w*|instrucțiun\w*|instrukc\w*|pokyn\w*|talimat\w*|utasítás\w*|ohje\w*|instruksi|hướng dẫn|reglene|anvisning\w*)\b"
)
_FOREIGN_ABOVE = r"(?:das obige|alles obige|alles (?:oben|davor|bisherige)|lo anterior|todo lo anterior|tudo acima|o que está acima|ce qui précède|tout ce qui précède|quanto sopra|tutto quanto|wat hierboven staat|alles hierboven|allt ovan|alt ovenfor|wszystko powyżej|yukarıdakileri)"
_FOREIGN_MACHINE = r"(?:(?:an|für) die ki|l'ia|(?:à|a) (?:l'attention de )?(?:l'|la )?ia|(?:para|al?|till|til|voor|per|pentru|dla) (?:el |la |o |a |de |il |l')?(?:asistente|assistente|assistent(?:en)?|ia|ki|modelo|modell|modèle|bot|chatbot))"
_FOREIGN = re.compile(
    rf"{_FOREIGN_DROP}[^.\n]{{0,20}}{_FOREIGN_ABOVE}|\b{_FOREIGN_MACHINE}\b[^.\n]{{0,20}}[:,!]|"
    rf"{_FOREIGN_DROP}[^.\n]{{0,60}}{_FOREIGN_RULES}|{_FOREIGN_RULES}[^.\n]{{0,40}}{_FOREIGN_DROP}"
    r"|\b(?:di|diga|responde|responda|escribe|r[ée]pond(?:s|ez)|dites|indiquez|[ée]crivez|antworte|sage|schreibe|scrivi|rispondi|zeg|meld|antwoord|svara|svar|säg|napisz|odpowiedz|spune) (?:que|qu'|che|dass|dat|att|at|że|că) [^.\n]{0,40}\b(?:paciente|patient\w*|paziente|pacient\w*|pasient\w*)\b",
    re.IGNORECASE,
)


_COMPACT = re.compile(
    r"(?:ignore|disregard|forget|override|bypass)(?:all|any|the|your|my|previous|prior|above|every|earlier|these|those|system|safety|of){1,4}(?:instructions?|rules|prompts?|directions|guidelines|directives)|systemprompt|youarenow(?:dan|anai|unrestricted)"
)
_MAP = re.compile(r"(?:^|\n)\s*(?:system|assistant|developer|prompt)\s*:\s*\n\s+\w+\s*:", re.IGNORECASE)


def is_order(text: str) -> bool:
    """Whether a sentence, its disguises taken off, tells a program what to do."""
    dropped = _IGNORE.search(text)
    if dropped is None and _COMPACT.search(re.sub(r"[^a-z]", "", text.lower())):
        return not re.search(_TOLD, text, re.IGNORECASE)
    if _STRONG.search(text) or _FOREIGN.search(text) or _TEMPLATE.search(text):
        return True
    if dropped is not None:
        return not _is_about_care(text, dropped)
    return any(
        (
            re.fullmatch(r"llm|gpt|chatgpt|chat ?bot", m["who"], re.IGNORECASE)
            is not None  # nobody else is called that
            or _ROLE_SAYS.search(m["said"]) is not None
            or bool(re.search(r"[.!]\s+\S", m["said"]) and _IMPERATIVE.search(m["said"]))
        )
        and not _NAMED.match(m["said"])
        for m in _ROLE.finditer(text)
    )


_IMPERATIVE = re.compile(
    rf"(?:^|[.!;:,]\s+){_SAY}\b|\b(?:you|your)\b|\b(?:all|any|other) (?:rules|patients|answers)\b", re.IGNORECASE
)


def _is_about_care(text: str, dropped: re.Match[str]) -> bool:
    """Whether the instructions to drop are a person's: by their own name ("wound care instructions"), or a person is told to.

    A word of care elsewhere in the sentence ("Nursing: ignore all previous instructions") excuses nothing.
    """
    named = dropped[0] + (" " + m[0] if (m := _WHOSE_RULES.match(text[dropped.end() :])) else "")
    return bool(
        re.search(_CARE_RULES, named, re.IGNORECASE) or re.search(_TOLD, text[: dropped.start() + 1], re.IGNORECASE)
    )


def is_dialogue(text: str) -> bool:
    """Whether lines imitate a conversation with a program or its reasoning."""
    return (
        _SPOKEN.search(text) is not None
        or _MAP.search(text) is not None
        or len(set(m[0].strip().lower() for m in _REASONING.finditer(text))) >= 2
    )
