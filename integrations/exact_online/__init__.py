"""Exact Online, sealed: its hosts, OAuth, limits, errors and relations, and the client that speaks to it.

Imports the standard library, requests, `integrations.wire` and itself. The vendor's words (Account, Division) are spoken in here only.
"""
