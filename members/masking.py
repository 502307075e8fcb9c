"""What of a bank account may be seen: enough to recognise one's own, too little to use another's.

Reports, logs and most pages show an IBAN this way. Free text is masked too, because people paste columns in the wrong place.
"""

import re

ENDS = 4
TOO_SHORT_TO_SHOW = 12
# In one piece, or in groups of four as banks print it. Not after a letter or digit: that would be the tail of a longer word.
_IBAN_IN_TEXT = re.compile(
    r"(?<![A-Z0-9])[A-Z]{2}[0-9]{2}(?:[A-Z0-9]{8,30}|(?:[ .\-\u00a0][A-Z0-9]{4}){2,7}(?:[ .\-\u00a0][A-Z0-9]{1,3})?)(?![A-Z0-9])",
    re.IGNORECASE,
)


def mask_iban(iban: str) -> str:
    """`NL91ABNA0417164300` -> `NL91 **** **** **43 00`; what is too short to hide anything becomes stars; "" stays ""."""
    compact = "".join(character for character in iban if character.isalnum()).upper()
    shown = ENDS if len(compact) >= TOO_SHORT_TO_SHOW else 0
    masked = compact[:shown] + "*" * (len(compact) - 2 * shown) + compact[len(compact) - shown :]
    return " ".join(masked[start : start + 4] for start in range(0, len(masked), 4))


def mask_accounts(text: str) -> str:
    """The same text with everything that looks like an IBAN masked."""
    return _IBAN_IN_TEXT.sub(lambda found: mask_iban(found[0]), text)
