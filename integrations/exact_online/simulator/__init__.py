"""A small, strict Exact Online for tests and demonstrations.

It follows what is known of the real service and knows nothing of any client: OAuth with one-time refresh tokens,
limits and error block, OData reads and writes of crm/Accounts, changes and deletions by row version, lifetimes and limits as
dials, faults on request, and pages that show what it holds. Standard library only.
"""

from integrations.simulation.faults import Gate

from .dials import Dials
from .faults import Fault
from .log import Call
from .simulator import Simulator
from .world import App, Division, User

__all__ = ["App", "Call", "Dials", "Division", "Fault", "Gate", "Simulator", "User"]
