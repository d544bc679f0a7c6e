"""A question read in the light of the turns before it, before it is planned on its own.

A follow-up says only what changes: its words are lead-ins, references, and one change ("and before that?", "in mmol/L",
"since when?", "any others?", "same but q8h"). Where these explain the whole sentence, the change is made to the calls of
the newest turn that it fits. Anything left over makes it a question of its own, which inherits neither period nor drug.
"""

from __future__ import annotations

_
_
_
_
_
_
_
_
_
_
_


d


d


d


d


d


d


d


d
