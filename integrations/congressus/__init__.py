"""Congressus, sealed: its hosts, limits, errors and members, and the client that reads them.

Imports the standard library, requests, `integrations.wire` and itself. The vendor's words stay in here: the rest of the house gets
records that hold no more of a member than it may keep.
"""
