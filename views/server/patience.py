"""A connection on which a request is begun and not finished is closed after a while."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

HEAD_SECONDS = 20.0  # in which the head of a request must have come

Protocol: Any = AutoHTTPProtocol  # one of two classes, by what is installed


class PatientProtocol(Protocol):
    """uvicorn's protocol, which by itself waits for the rest of a request for ever."""

    late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Expect a request."""
        super().connection_made(transport)
        self.expect()

    def data_received(self, data: bytes) -> None:
        """Expect the rest of a request that begins."""
        if self.late is None:
            self.expect()
        super().data_received(data)
        # From here on the request is the application's.
        if self.cycle is not None and not self.cycle.response_complete:
            self.at_ease()

    def handle_websocket_upgrade(self, *event: Any) -> None:
        """Take note that the connection is not HTTP's any more."""
        self.at_ease()
        super().handle_websocket_upgrade(*event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        self.at_ease()
        super().connection_lost(exc)

    def expect(self) -> None:
        """Close the connection if the head of a request does not come in time."""
        self.late = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def at_ease(self) -> None:
        """Wait for nothing."""
        if self.late is not None:
            self.late.cancel()
            self.late = None
