"""Faults of the whole console: down, gone, being maintained, slow; for a while, then over."""

from __future__ import annotations

from plumbline.emulator.faults.base import BadFaultError, Fault
from plumbline.emulator.wire import HTML, Manner, Reply


class Down(Fault):
    """Every request is answered 503 and HTML. ARG: so many requests, a time such as `60s`."""

    name = "down"

    def anywhere(self) -> Reply | None:
        """Answer that the service is not there."""
        if not self.happens():
            return None
        body = (
            "<html><head><title>503 Service Unavailable</title></head><body>"
            "<h1>Service Unavailable</h1></body></html>\n"
        )
        return Reply(status=503, body=body.encode(), content_type=HTML, versioned=False)


class Gone(Fault):
    """Every connection is reset as soon as it asks. ARG: so many requests, or a time."""

    name = "gone"

    def anywhere(self) -> Reply | None:
        """Reset the connection."""
        return Reply(manner=Manner.RESET) if self.happens() else None


class Maintenance(Fault):
    """Every request is answered 200 and a page in HTML. ARG: so many requests, or a time."""

    name = "maintenance"

    def anywhere(self) -> Reply | None:
        """Answer with the page."""
        if not self.happens():
            return None
        body = (
            "<!DOCTYPE html><html><head><title>Scheduled maintenance</title></head><body>"
            "<h1>We will be back soon</h1><p>Security Center is being updated.</p></body></html>\n"
        )
        return Reply(body=body.encode(), content_type=HTML, versioned=False)


class Slow(Fault):
    """Every request takes ARG seconds more (1 by default); `2/20`: 20 requests, `2/60s`: a time."""

    name = "slow"

    def read(self, argument: str) -> None:
        """Take the seconds, and how often or how long."""
        seconds, _, often = argument.partition("/")
        try:
            self._seconds = float(seconds or "1")
        except ValueError:
            raise BadFaultError(
                f"fault {self.name}: {seconds!r} is not a number of seconds"
            ) from None
        self._often(often)

    def delay(self) -> float:
        """Hold a request up."""
        return self._seconds if self.happens() else 0.0
