"""A Tenable Security Center 6.6 to try, demonstrate and test against.

::

    with Emulator(Estate.generated(hosts=5)) as console:
        console.url, console.access_key, console.secret_key

It listens on loopback only, changes nothing on request, and can be made to fail: see `FAULTS`.
An estate keeps its own record of the truth (`Estate.chronicle`); `Scenario` leads it through days.
"""

from plumbline.emulator.emulator import Emulator
from plumbline.emulator.estate import Estate
from plumbline.emulator.faults import FAULTS, BadFaultError, Fault
from plumbline.emulator.lives import Happening, Life
from plumbline.emulator.scenario import Day, Deed, Scenario

__all__ = [
    "FAULTS",
    "BadFaultError",
    "Day",
    "Deed",
    "Emulator",
    "Estate",
    "Fault",
    "Happening",
    "Life",
    "Scenario",
]
