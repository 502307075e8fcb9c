"""What we keep about the link with Exact Online, one noun a file."""

from integrations.models.app import ExactOnlineApp
from integrations.models.attempt import PushAttempt
from integrations.models.congressus import CongressusConnection
from integrations.models.connection import ExactOnlineConnection
from integrations.models.link import RelationLink
from integrations.models.match import Match
from integrations.models.mirror import Mirror, MirroredRelation
from integrations.models.record import CongressusMember
from integrations.models.run import SyncRun
from integrations.models.token import ExactOnlineToken
from integrations.models.walk import CongressusWalk

__all__ = [
    "CongressusConnection",
    "CongressusMember",
    "CongressusWalk",
    "ExactOnlineApp",
    "ExactOnlineConnection",
    "ExactOnlineToken",
    "Match",
    "Mirror",
    "MirroredRelation",
    "PushAttempt",
    "RelationLink",
    "SyncRun",
]
