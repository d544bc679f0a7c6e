"""Whether a record may go to a model: never unasked, freely to this machine, elsewhere only as the setting says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from agents.runtime.faults import NotPermitted
from domain.errors import InvalidInput
from domain.facts import Frozen

SETTING = "CHARTTWIN_PRIVACY"
_PAIR = re.compile(r"([a-z0-9_-]+)\s*=\s*([a-z]+)")


class Policy(StrEnum):
    """What may be sent to a provider."""

    LOCAL = "local"  # nothing that leaves this machine
    DEIDENTIFY = "deidentify"  # with surrogates for what identifies people, and dates shifted
    ALLOW = "allow"  # as it is


class PrivacyPolicy(Frozen):
    """The policy, and the exceptions of single providers."""

    default: Policy = Policy.LOCAL
    by_provider: Mapping[str, Policy] = {}

    def for_model(self, provider: str, base_url: str) -> Policy:
        """How a record is sent to a model; a server on this machine gets it as it is, unless told otherwise by name.

        Raises:
            NotPermitted: it may not be sent; the message names the setting.
        """
        chosen = self.by_provider.get(provider, self.default)
        if chosen is Policy.LOCAL:
            if not is_loopback(base_url):
                raise NotPermitted(
                    f"patient data may not leave this machine; to send it to this {provider} model set {SETTING} to "
                    "deidentify or allow"
                )
            return Policy.ALLOW
        return chosen


def parse_policies(text: str) -> PrivacyPolicy:
    """The policy of a setting: `local`, `deidentify` or `allow`, or by provider: `openai=deidentify, ollama=allow`.

    Raises:
        InvalidInput: a policy is not known.
    """
    default, by_provider = Policy.LOCAL, {}
    for part in filter(None, (p.strip().lower() for p in text.split(","))):
        pair = _PAIR.fullmatch(part)
        word = pair[2] if pair else part
        if word not in set(Policy):
            raise InvalidInput(
                f"{SETTING} has an unknown policy; there are local, deidentify and allow", accepted=list(Policy)
            )
        if pair:
            by_provider[pair[1]] = Policy(word)
        else:
            default = Policy(word)
    return PrivacyPolicy(default=default, by_provider=by_provider)


def is_loopback(base_url: str) -> bool:
    """Whether an address is of this machine. Names other than localhost are not looked up: they may point elsewhere."""
    try:
        host = urlsplit(base_url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
