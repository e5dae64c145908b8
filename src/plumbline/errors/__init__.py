"""Everything that can go wrong, in one tree, named by what the caller should do.

::

    PlumblineError
    ├── UsageError            ask differently                        exit 2
    │   └── NotFoundError         what was named is not there        exit 2
    ├── FatalError            a person has to change something
    │   ├── ConfigurationError    settings, files, folders           exit 3
    │   ├── RefusedError          keys, role or rights at the console exit 4
    │   ├── UnreachableError      name, network, TLS                 exit 5
    │   ├── IncompleteError       the run could not prove itself     exit 6
    │   ├── QueryRefusedError     the console refuses this request   exit 1
    │   ├── BusyError             another process is at it           exit 1
    │   ├── StoppedError          somebody asked for the end         exit 130
    │   └── StorageError          disk, lake, database               exit 1
    │       └── DamagedError          a file of ours is damaged      exit 1
    ├── RetriableError        the same call may succeed later        exit 5
    └── SkippableError        leave this row or part out, count it   exit 1
"""

from __future__ import annotations


class PlumblineError(Exception):
    """The root: what happened, what to try, what was left unchanged."""

    exit_code = 1

    def __init__(self, what: str, *, advice: str = "", unchanged: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice
        self.unchanged = unchanged

    def lines(self) -> list[str]:
        """The error in up to three sentences, ready to show to a person."""
        parts = [self.what]
        if self.advice:
            parts.append(f"Try: {self.advice}")
        if self.unchanged:
            parts.append(f"Unchanged: {self.unchanged}")
        return parts


class UsageError(PlumblineError):
    """The request itself is wrong; asking differently helps."""

    exit_code = 2


class NotFoundError(UsageError):
    """What was named is not there, or not for the one who asks."""


class FatalError(PlumblineError):
    """A person has to change something before this can work."""


class ConfigurationError(FatalError):
    """A setting, file or folder of the installation is wrong."""

    exit_code = 3


class RefusedError(FatalError):
    """The console refused the keys, the role or the rights."""

    exit_code = 4


class UnreachableError(FatalError):
    """The console cannot be reached or not be trusted: name, network, TLS."""

    exit_code = 5


class IncompleteError(FatalError):
    """The run could not prove that it holds everything."""

    exit_code = 6


class QueryRefusedError(FatalError):
    """The console refuses this very request (filter, parameter, missing object)."""

    def __init__(self, what: str, *, code: int = 0, advice: str = "", unchanged: str = "") -> None:
        super().__init__(what, advice=advice, unchanged=unchanged)
        self.code = code


class BusyError(FatalError):
    """Another process does this right now; it is free again when that one ends."""


class StoppedError(FatalError):
    """Somebody asked for the end; what was done so far is kept for the next try."""

    exit_code = 130


class StorageError(FatalError):
    """Disk, lake or database cannot do what is needed."""


class DamagedError(StorageError):
    """A file of ours cannot be read any more; what was staged has to be read again."""


class RetriableError(PlumblineError):
    """The same call may succeed later."""

    exit_code = 5

    def __init__(
        self, what: str, *, after: float | None = None, advice: str = "", unchanged: str = ""
    ) -> None:
        super().__init__(what, advice=advice, unchanged=unchanged)
        self.after = after


class SkippableError(PlumblineError):
    """One row or part cannot be used; count it, keep it, go on."""
