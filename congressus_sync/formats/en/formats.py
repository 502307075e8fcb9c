"""English words, but the 24-hour clock: "3:19 p.m." is read twice here, and its full stop ends no sentence.

Numbers are not named, so they stay as English writes them.
"""

TIME_FORMAT = "H:i"
DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y H:i"
SHORT_DATE_FORMAT = "j M Y"
SHORT_DATETIME_FORMAT = "j M Y H:i"
