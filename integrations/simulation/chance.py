"""Where guids, tokens, keys and codes come from: unguessable by default, repeatable when a test asks for it."""

from __future__ import annotations

import base64
import random
import uuid


class Chance:
    def __init__(self, seed: int | None = None) -> None:
        # Repeatable tokens are asked for explicitly, by tests on loopback.
        self._random = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311

    def guid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def token(self, size: int) -> str:
        """`size` bytes as URL-safe text, a third longer than `size`."""
        return base64.urlsafe_b64encode(self._random.randbytes(size)).decode().rstrip("=")
