"""Names of countries for the choice on the help page, from the public domain zone database; in English. And a guess."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from typing import Final

from django.http import HttpRequest

_REGION: Final = re.compile(r"\b[A-Za-z]{2,3}(?:-[A-Za-z]{4})?-([A-Za-z]{2})\b")

_TABLE: Final = (
    "AD=Andorra|AE=United Arab Emirates|AF=Afghanistan|AG=Antigua & Barbuda|AI=Anguilla|AL=Albania|"
    "AM=Armenia|AO=Angola|AQ=Antarctica|AR=Argentina|AS=American Samoa|AT=Austria|AU=Australia|AW=Aruba|"
    "AX=Åland Islands|AZ=Azerbaijan|BA=Bosnia & Herzegovina|BB=Barbados|BD=Bangladesh|BE=Belgium|"
    "BF=Burkina Faso|BG=Bulgaria|BH=Bahrain|BI=Burundi|BJ=Benin|BL=St Barthélemy|BM=Bermuda|BN=Brunei|"
    "BO=Bolivia|BQ=Caribbean Netherlands|BR=Brazil|BS=Bahamas|BT=Bhutan|BV=Bouvet Island|BW=Botswana|"
    "BY=Belarus|BZ=Belize|CA=Canada|CC=Cocos (Keeling) Islands|CD=Congo (Democratic Republic)|"
    "CF=Central African Republic|CG=Congo (Republic)|CH=Switzerland|CI=Côte d'Ivoire|CK=Cook Islands|"
    "CL=Chile|CM=Cameroon|CN=China|CO=Colombia|CR=Costa Rica|CU=Cuba|CV=Cape Verde|CW=Curaçao|"
    "CX=Christmas Island|CY=Cyprus|CZ=Czechia|DE=Germany|DJ=Djibouti|DK=Denmark|DM=Dominica|"
    "DO=Dominican Republic|DZ=Algeria|EC=Ecuador|EE=Estonia|EG=Egypt|EH=Western Sahara|ER=Eritrea|ES=Spain|"
    "ET=Ethiopia|FI=Finland|FJ=Fiji|FK=Falkland Islands|FM=Micronesia|FO=Faroe Islands|FR=France|GA=Gabon|"
    "GB=United Kingdom|GD=Grenada|GE=Georgia|GF=French Guiana|GG=Guernsey|GH=Ghana|GI=Gibraltar|GL=Greenland|"
    "GM=Gambia|GN=Guinea|GP=Guadeloupe|GQ=Equatorial Guinea|GR=Greece|"
    "GS=South Georgia & the South Sandwich Islands|GT=Guatemala|GU=Guam|GW=Guinea-Bissau|GY=Guyana|"
    "HK=Hong Kong|HM=Heard Island & McDonald Islands|HN=Honduras|HR=Croatia|HT=Haiti|HU=Hungary|ID=Indonesia|"
    "IE=Ireland|IL=Israel|IM=Isle of Man|IN=India|IO=British Indian Ocean Territory|IQ=Iraq|IR=Iran|"
    "IS=Iceland|IT=Italy|JE=Jersey|JM=Jamaica|JO=Jordan|JP=Japan|KE=Kenya|KG=Kyrgyzstan|KH=Cambodia|"
    "KI=Kiribati|KM=Comoros|KN=St Kitts & Nevis|KP=North Korea|KR=South Korea|KW=Kuwait|KY=Cayman Islands|"
    "KZ=Kazakhstan|LA=Laos|LB=Lebanon|LC=St Lucia|LI=Liechtenstein|LK=Sri Lanka|LR=Liberia|LS=Lesotho|"
    "LT=Lithuania|LU=Luxembourg|LV=Latvia|LY=Libya|MA=Morocco|MC=Monaco|MD=Moldova|ME=Montenegro|"
    "MF=St Martin (French)|MG=Madagascar|MH=Marshall Islands|MK=North Macedonia|ML=Mali|MM=Myanmar|"
    "MN=Mongolia|MO=Macau|MP=Northern Mariana Islands|MQ=Martinique|MR=Mauritania|MS=Montserrat|MT=Malta|"
    "MU=Mauritius|MV=Maldives|MW=Malawi|MX=Mexico|MY=Malaysia|MZ=Mozambique|NA=Namibia|NC=New Caledonia|"
    "NE=Niger|NF=Norfolk Island|NG=Nigeria|NI=Nicaragua|NL=Netherlands|NO=Norway|NP=Nepal|NR=Nauru|NU=Niue|"
    "NZ=New Zealand|OM=Oman|PA=Panama|PE=Peru|PF=French Polynesia|PG=Papua New Guinea|PH=Philippines|"
    "PK=Pakistan|PL=Poland|PM=St Pierre & Miquelon|PN=Pitcairn|PR=Puerto Rico|PS=Palestine|PT=Portugal|"
    "PW=Palau|PY=Paraguay|QA=Qatar|RE=Réunion|RO=Romania|RS=Serbia|RU=Russia|RW=Rwanda|SA=Saudi Arabia|"
    "SB=Solomon Islands|SC=Seychelles|SD=Sudan|SE=Sweden|SG=Singapore|SH=St Helena|SI=Slovenia|"
    "SJ=Svalbard & Jan Mayen|SK=Slovakia|SL=Sierra Leone|SM=San Marino|SN=Senegal|SO=Somalia|SR=Suriname|"
    "SS=South Sudan|ST=São Tomé & Príncipe|SV=El Salvador|SX=Sint Maarten|SY=Syria|SZ=Eswatini|"
    "TC=Turks & Caicos Islands|TD=Chad|TF=French Southern Territories|TG=Togo|TH=Thailand|TJ=Tajikistan|"
    "TK=Tokelau|TL=Timor-Leste|TM=Turkmenistan|TN=Tunisia|TO=Tonga|TR=Türkiye|TT=Trinidad & Tobago|TV=Tuvalu|"
    "TW=Taiwan|TZ=Tanzania|UA=Ukraine|UG=Uganda|UM=US outlying islands|US=United States|UY=Uruguay|"
    "UZ=Uzbekistan|VA=Vatican City|VC=St Vincent & the Grenadines|VE=Venezuela|VG=Virgin Islands (UK)|"
    "VI=Virgin Islands (US)|VN=Vietnam|VU=Vanuatu|WF=Wallis & Futuna|WS=Samoa|YE=Yemen|YT=Mayotte|"
    "ZA=South Africa|ZM=Zambia|ZW=Zimbabwe"
)

NAMES: Final = dict(entry.split("=", 1) for entry in _TABLE.split("|"))
"""ISO 3166-1 alpha-2 code to name."""


def guess_country(request: HttpRequest) -> str:
    """Where the reader probably is: the country of their zone, or of their browser's language; '' if unknown.

    Nothing is stored for it: signed out, and in the copy kept for offline use, the browser's language is all there is.
    """
    if request.user.is_authenticated and (found := _country_of_zone().get(request.user.timezone)):
        return found
    region = _REGION.search(request.headers.get("Accept-Language", "")[:200])
    return region[1].upper() if region else ""


@lru_cache(maxsize=1)
def _country_of_zone() -> dict[str, str]:
    """Country by zone, as the zone database's own `zone.tab` has it."""
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return {zone: country for country, _place, zone, *_note in rows}
