"""What every simulated service needs: a server, messages, faults, dials, a clock, a call log, a store, and the look of its pages.

Knows none of the services and none of their clients; imports the standard library only.
"""
