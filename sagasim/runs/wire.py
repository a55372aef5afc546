"""A message as it stands on the wire of a WebSocket: made once, and handed to whoever watches as it is.

What a server says is not masked, so that the same bytes are right for every viewer (RFC 6455, 5.1 and 5.2).
"""

from __future__ import annotations

import struct

WHOLE_TEXT, WHOLE_BINARY = 0x81, 0x82
"""The first byte: nothing follows, and it is text, or binary."""


def on_the_wire(message: str | bytes) -> bytes:
    """The whole message behind its header."""
    payload, first = (message, WHOLE_BINARY) if isinstance(message, bytes) else (message.encode(), WHOLE_TEXT)
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", first, size) + payload
    if size < 2**16:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload
