from members.models.member import ChangedVia, Member
from members.models.member_import import MemberImport
from members.models.status import MemberStatus

__all__ = ["ChangedVia", "Member", "MemberImport", "MemberStatus"]
