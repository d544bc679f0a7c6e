"""Sealing of what conversations say: AES-256-GCM under data keys, which are themselves sealed under the master key.

The master key comes from outside and seals nothing but the keys in the store. A new master key therefore costs one small
write; from then on new entries have a new data key, while older ones stay readable. What is sealed is bound to its place
(table, thread, number, owner, patient), so an entry that was moved to another thread or owner does not open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
import zlib
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.errors import InvalidInput, StoreUnavailable

KEY_BYTES = 32
_NONCE_BYTES = 12
_SEALED, _OPEN = b"S1", b"P1"
_HEADER = struct.Struct(">2sH")
_HOW_TO_MAKE = 'make one with: python -c "import secrets; print(secrets.token_hex(32))"'


class MasterKey:
    """A key from the settings; `fingerprint` names it without giving anything of it away."""

    def __init__(self, text: str) -> None:
        """Read the key.

        Raises:
            InvalidInput: the text is not 32 bytes as 64 hex digits or as base64.
        """
        raw = _decode(text.strip())
        self._cipher = AESGCM(_derive(raw, b"charttwin memory wrap"))
        self.fingerprint = _derive(raw, b"charttwin memory fingerprint")[:6].hex()

    def wrap(self, key: bytes, place: str) -> bytes:
        """A key of the store, sealed."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, place.encode())

    def unwrap(self, wrapped: bytes, place: str) -> bytes:
        """The key that was sealed.

        Raises:
            StoreUnavailable: it was altered.
        """
        try:
            return self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], place.encode())
        except InvalidTag:
            raise StoreUnavailable("a key of the conversations is damaged; nothing was changed") from None


class Sealer:
    """Seals and opens entries. Without data keys entries are stored open, and sealed ones cannot be read."""

    def __init__(self, data_keys: Mapping[int, bytes], index_key: bytes) -> None:
        self._ciphers = {number: AESGCM(key) for number, key in data_keys.items()}
        self._current = max(data_keys, default=0)
        self._index_key = index_key

    def tag(self, kind: str, *parts: str) -> str:
        """A keyed hash under which owner, patient and thread are looked up: equal for equal parts, else meaningless."""
        message = b"".join(struct.pack(">I", len(raw)) + raw for part in (kind, *parts) if (raw := part.encode()))
        return hmac.new(self._index_key, message, hashlib.sha256).hexdigest()[:32]

    def seal(self, content: bytes, place: str) -> bytes:
        """The content for storage."""
        packed = zlib.compress(content, 6)
        if not self._ciphers:
            return _HEADER.pack(_OPEN, 0) + packed
        nonce = secrets.token_bytes(_NONCE_BYTES)
        header = _HEADER.pack(_SEALED, self._current)
        sealed = self._ciphers[self._current].encrypt(nonce, packed, header + place.encode())
        return header + nonce + sealed

    def open(self, stored: bytes, place: str) -> bytes:
        """The content of what was stored at this place.

        Raises:
            StoreUnavailable: it was altered, moved, or its key is missing.
        """
        mark, number = _HEADER.unpack(stored[: _HEADER.size])
        body = stored[_HEADER.size :]
        try:
            if mark == _OPEN and not self._ciphers:  # with keys set, what is not sealed was put there by somebody else
                return zlib.decompress(body)
            if mark != _SEALED or number not in self._ciphers:
                raise StoreUnavailable("a conversation is not sealed with a key of this store; nothing was changed")
            header = stored[: _HEADER.size]
            cipher = self._ciphers[number]
            return zlib.decompress(cipher.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], header + place.encode()))
        except (InvalidTag, zlib.error):
            raise StoreUnavailable("a conversation was altered or is damaged; nothing was changed") from None


def new_key() -> bytes:
    """A key of the store."""
    return secrets.token_bytes(KEY_BYTES)


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(key)


def _decode(text: str) -> bytes:
    try:
        if len(text) == 2 * KEY_BYTES:
            raw = bytes.fromhex(text)
        else:
            raw = base64.urlsafe_b64decode(text.replace("+", "-").replace("/", "_") + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != KEY_BYTES or len(set(raw)) < 8:  # thirty-two times the same byte is a placeholder
        raise InvalidInput(f"a memory key is 32 random bytes, as 64 hex digits or base64; {_HOW_TO_MAKE}")
    return raw
