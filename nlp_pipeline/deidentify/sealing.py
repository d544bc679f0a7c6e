"""What was replaced, sealed: only the key opens it, and a changed byte is noticed.

No package of ours brings a cipher, so this is the smallest sound construction over the standard library's HMAC-SHA256: a
synthetic-IV mode (Rogaway and Shrimpton 2006, doi:10.1007/11761679_23). The tag is the MAC of the context and the plain
text; it is also the starting value of a key stream, HMAC in counter mode. Sealing needs no randomness, so the same note
under the same key gives the same bytes, and a repeated run leaks nothing but that.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from domain.errors import InvalidInput

MIN_KEY_BYTES = 16
_TAG = 32
_VERSION = "ct1."


def check_key(key: bytes) -> bytes:
    """The key as it is.

    Raises:
        InvalidInput: there is none, or it is too short to keep a secret.
    """
    if len(key) < MIN_KEY_BYTES:
        raise InvalidInput(f"de-identification needs a key of {MIN_KEY_BYTES} bytes or more")
    return key


def keyed(key: bytes, purpose: str, *parts: str) -> bytes:
    """32 bytes that only the holder of the key can compute; `parts` are kept apart."""
    message = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (p.encode() for p in (purpose, *parts)))
    return hmac.new(key, message, hashlib.sha256).digest()


def seal(plain: bytes, context: str, key: bytes) -> str:
    """The sealed form of some bytes, as text; it opens only with the same context."""
    tag = _tag(plain, context, key)
    return _VERSION + base64.urlsafe_b64encode(tag + _mixed(plain, tag, key)).decode()


def unseal(sealed: str, context: str, key: bytes) -> bytes:
    """What was sealed.

    Raises:
        InvalidInput: another key, another context, or not what `seal` wrote.
    """
    try:
        raw = base64.b64decode(sealed.removeprefix(_VERSION), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    tag = raw[:_TAG]
    plain = _mixed(raw[_TAG:], tag, key)
    if not sealed.startswith(_VERSION) or not hmac.compare_digest(tag, _tag(plain, context, key)):
        raise InvalidInput(
            "this cannot be reversed: the key is another one, or the text or its sealed part was changed"
        )
    return plain


def _tag(plain: bytes, context: str, key: bytes) -> bytes:
    own = keyed(key, "seal tag")
    return hmac.new(own, len(context.encode()).to_bytes(8, "big") + context.encode() + plain, hashlib.sha256).digest()


def _mixed(data: bytes, tag: bytes, key: bytes) -> bytes:
    own = keyed(key, "seal stream")
    blocks = range((len(data) + 31) // 32)
    stream = b"".join(hmac.digest(own, tag + block.to_bytes(8, "big"), "sha256") for block in blocks)
    return bytes(a ^ b for a, b in zip(data, stream, strict=False))
