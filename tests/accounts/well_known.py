"""Passwords of twelve characters and more that stand near the top of every list of leaked ones, typed from memory.

They are what a guesser tries first. Not a copy of any such list, and none of them is anybody's in particular.
"""

from __future__ import annotations

WELL_KNOWN = (
    "password1234", "password12345", "password123456", "password2024!", "passwordpassword", "Password1234!",
    "P@ssword1234", "P@ssw0rd1234", "p4$$w0rdp4$$w0rd", "mypassword123", "thisismypassword", "changeme12345",
    "letmein123456", "letmeinletmein", "welcome12345", "welcome2024!!", "administrator", "administrator1",
    "adminadmin123", "administrator123", "qwertyuiop12", "qwertyuiop123", "qwertyuiop[]", "qwertyqwerty",
    "qwerty123456", "qwerty1234567", "1qaz2wsx3edc", "1q2w3e4r5t6y", "1q2w3e4r5t6y7u", "qazwsxedcrfv",
    "zxcvbnmasdfg", "asdfghjkl123", "asdfghjkl;'a", "123456789012", "1234567890123", "1234567891011",
    "012345678910", "0987654321098", "111111111111", "000000000000", "121212121212", "123123123123",
    "123412341234", "112233445566", "987654321000", "123456abcdef", "abcdef123456", "abcdefghijkl",
    "abcd12345678", "abc123abc123", "aaaaaaaaaaaa", "iloveyou1234", "iloveyou12345", "iloveyouiloveyou",
    "iloveyou2024", "iloveyousomuch", "ilovemyself1", "sunshine1234", "sunshine2023", "football1234",
    "football2023", "baseball1234", "basketball12", "basketball123", "superman1234", "batman123456",
    "spiderman123", "starwars1977", "princess1234", "princess2023", "monkeymonkey", "monkey123456",
    "dragon123456", "dragondragon", "master123456", "shadow123456", "michael12345", "jennifer1234",
    "jessica12345", "charlie12345", "ashley123456", "daniel123456", "summer202424", "winter202324",
    "spring202424", "december2023", "november2023", "liverpool123", "chelsea12345", "manchester123",
    "barcelona123", "chocolate123", "butterfly123", "computer1234", "internet1234", "samsung12345",
    "whatever1234", "trustno1trustno1", "freedom12345", "killer123456", "hello1234567", "hellohello12",
    "test12345678", "testtesttest", "secret123456", "google123456", "facebook1234", "minecraft123",
    "pokemon12345", "metallica123", "cheesecheese", "lovelovelove",
)  # fmt: skip
