"""Letters that people read out to each other: none is mistaken for another."""

import unicodedata

# Crockford's base 32
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})


def letters(number: int, *, count: int) -> str:
    """The lowest bits of a number, five to a letter."""
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(count)))


def heard(typed: str) -> str:
    """The letters that somebody typed, whatever case, spaces and hyphens, and with O for 0 or I and L for 1."""
    plain = unicodedata.normalize("NFKC", typed).upper().translate(MISREAD)
    return "".join(letter for letter in plain if letter.isalnum())
