"""The words from which the members of the demonstration are drawn, as common in the Netherlands; no person is meant.

Long lists are text files in `lists/`, a word or a name a line.
"""

from pathlib import Path

_LISTS = Path(__file__).parent / "lists"


def _lines(name: str) -> list[str]:
    return (_LISTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()


CALLED_NAMES = _lines("called_names")
SURNAMES = _lines("surnames")
SURNAMES_AFTER_INFIX = _lines("surnames_after_infix")
STREETS = _lines("streets")

# infix, and how many in a hundred bear it; the rest have none
INFIXES = (
    ("van", 9),
    ("de", 9),
    ("van der", 6),
    ("van den", 3),
    ("van de", 3),
    ("ten", 1),
    ("ter", 1),
    ("in 't", 1),
    ("op den", 1),
    ("'t", 1),
)

HOUSE_ADDITIONS = ("", "", "", "", "", "", "A", "B", "bis", "-2", "-14", " hs")

# Town and the first and last number of its postcodes.
TOWNS = (
    ("Alkmaar", 1811, 1827),
    ("Almere", 1311, 1362),
    ("Amersfoort", 3811, 3829),
    ("Amsterdam", 1011, 1109),
    ("Apeldoorn", 7311, 7339),
    ("Arnhem", 6811, 6846),
    ("Assen", 9401, 9409),
    ("Breda", 4811, 4839),
    ("Delft", 2611, 2629),
    ("Deventer", 7411, 7429),
    ("Dordrecht", 3311, 3328),
    ("Ede", 6711, 6718),
    ("Eindhoven", 5611, 5658),
    ("Emmen", 7811, 7828),
    ("Enschede", 7511, 7548),
    ("Goes", 4461, 4465),
    ("Gouda", 2801, 2807),
    ("'s-Gravenhage", 2491, 2597),
    ("Groningen", 9711, 9747),
    ("Haarlem", 2011, 2037),
    ("Heerlen", 6411, 6419),
    ("Helmond", 5701, 5709),
    ("Hengelo", 7551, 7559),
    ("'s-Hertogenbosch", 5211, 5237),
    ("Hilversum", 1211, 1223),
    ("Hoorn", 1621, 1628),
    ("Kampen", 8261, 8267),
    ("Leeuwarden", 8911, 8941),
    ("Leiden", 2311, 2334),
    ("Maastricht", 6211, 6229),
    ("Middelburg", 4331, 4339),
    ("Nijmegen", 6511, 6546),
    ("Roermond", 6041, 6049),
    ("Rotterdam", 3011, 3089),
    ("Sneek", 8601, 8608),
    ("Tilburg", 5011, 5049),
    ("Utrecht", 3511, 3585),
    ("Venlo", 5911, 5916),
    ("Wageningen", 6701, 6709),
    ("Zaandam", 1501, 1509),
    ("Zeist", 3701, 3709),
    ("Zwolle", 8011, 8045),
)
# F, I, O, Q, U and Y were left out of postcodes, to be read without doubt.
POSTCODE_LETTERS = "ABCDEGHJKLMNPRTVWXZ"

# country, language, address, postcode, city
ADDRESSES_ABROAD = (
    ("BE", "nl", "Vrijdagmarkt 14", "9000", "Gent"),
    ("BE", "fr", "Rue des Récollets 8", "4020", "Liège"),
    ("BE", "nl", "Lange Nieuwstraat 101 bus 3", "2000", "Antwerpen"),
    ("DE", "de", "Königstraße 27", "48143", "Münster"),
    ("DE", "de", "Große Bäckerstraße 5", "20095", "Hamburg"),
    ("FR", "fr", "12 rue de l'Église", "59000", "Lille"),
    ("GB", "en", "4 St Mary's Passage", "CB2 3PQ", "Cambridge"),
    ("ES", "en", "Calle de la Peña 9, 2º izq.", "48005", "Bilbao"),
    ("DK", "en", "Sønder Boulevard 61", "1720", "København V"),
    ("US", "en", "1600 Maple Street, Apt 12", "02139", "Cambridge"),
)

ORGANISATIONS = (
    "Bakkerij Van Dongen & Zn.",
    "Drukkerij De Letterkast",
    "Fysiotherapie Noorderplantsoen",
    "Ingenieursbureau Kuipers + Smit B.V.",
    "Café 't Hoekje",
    "Boekhandel Het Vrije Blad",
    "Stichting Vrienden van de Kern",
    "Garage Öztürk V.O.F.",
)

# Of the called names above, to be addressed with a title.
NAMES_OF_WOMEN = ("Anouk", "Carlijn", "Femke", "Hanneke", "Ilse", "Judith", "Lotte", "Petra", "Sanne", "Willemijn")
NAMES_OF_MEN = ("Bart", "Dirk", "Frank", "Gijs", "Hans", "Jeroen", "Lars", "Ruben", "Thijs", "Vincent")

# What stands in Exact Online of others than members, as its fields: invented names, phone numbers that are not given out.
SUPPLIERS: tuple[dict[str, str], ...] = (
    {"Name": "Slijterij De Gulle Tap", "AddressLine1": "Havenkade 12", "Postcode": "3534 AB", "City": "Utrecht", "Country": "NL"},
    {"Name": "Copyshop Inktpot B.V.", "City": "Utrecht", "Country": "NL", "Email": "facturen@inktpot.example"},
    {"Name": "Verhuur Tafel & Tent", "City": "Zeist", "Country": "NL", "Phone": "030-2000011"},
)
STRANGERS: tuple[dict[str, str], ...] = (
    {"Name": "Advocatenkantoor Van Zuylen & Partners", "City": "Utrecht", "Country": "NL", "Status": "C",
     "Email": "administratie@vanzuylenpartners.example"},
    {"Name": "Rijwielhandel Het Stalen Ros", "AddressLine1": "Singel 101", "Postcode": "3512 AC", "City": "Utrecht",
     "Country": "NL", "Status": "C", "Phone": "030-2000021"},
    {"Name": "Stichting Studentenfonds Domstad", "AddressLine1": "Plein 1944 3", "Postcode": "3511 BD", "City": "Utrecht",
     "Country": "NL", "Status": "C", "Email": "bestuur@fondsdomstad.example"},
    {"Name": "Zilverberg Consultancy B.V.", "City": "Amersfoort", "Country": "NL", "Status": "C",
     "Email": "sponsoring@zilverberg.example", "Language": "EN"},
    {"Name": "Uitgeverij Papaver", "City": "Haarlem", "Country": "NL", "Status": "C"},
    {"Name": "W. Oosterhuis", "AddressLine1": "Parkstraat 7", "Postcode": "2611 HM", "City": "Delft", "Country": "NL",
     "Status": "C", "Email": "w.oosterhuis@example.net", "Phone": "015-2000022"},
    {"Name": "Mevr. G. Terpstra-Wiegman", "AddressLine1": "Lindenlaan 19", "Postcode": "8911 LD", "City": "Leeuwarden",
     "Country": "NL", "Status": "C"},
    {"Name": "Dr. E. van Haeften", "City": "Leiden", "Country": "NL", "Status": "C", "Email": "vanhaeften@example.org"},
    {"Name": "Quist, B.", "AddressLine1": "Dorpsstraat 3", "Postcode": "4461 AB", "City": "Goes", "Country": "NL", "Status": "C"},
    {"Name": "Contante verkopen", "Country": "NL", "Status": "C"},
)  # fmt: skip

# bank, BIC
BANKS = (
    ("ABNA", "ABNANL2A"),
    ("ASNB", "ASNBNL21"),
    ("BUNQ", "BUNQNL2A"),
    ("INGB", "INGBNL2A"),
    ("KNAB", "KNABNL2H"),
    ("RABO", "RABONL2U"),
    ("SNSB", "SNSBNL2A"),
    ("TRIO", "TRIONL2U"),
)

# 60 characters, where Exact Online takes 50
LONG_NAME = {
    "first_name": "Wilhelmina",
    "initials": "W.A.C.",
    "infix": "van den",
    "last_name": "Oudshoorn-Schimmelpenninck van der Wouden",
}
