"""How dates and times are written, for each language: as the members of a Dutch association write them, also in English."""
