"""A small, strict Congressus for tests and demonstrations.

It follows what is known of REST API v30 and knows nothing of any client: members with dated statuses, paging that drifts, limits,
rights per key, webhooks that are tried again, faults on request, and pages on which a membership secretary works.
What is not known of the real one is a dial. Standard library only.
"""

from integrations.simulation.faults import Gate

from .dials import Dials
from .faults import Fault
from .log import Call
from .simulator import Simulator

__all__ = ["Call", "Dials", "Fault", "Gate", "Simulator"]
