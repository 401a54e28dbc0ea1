"""Numbers as a bulletin says them: 5200余盒, 近3万人, 约3万人, 958.7万元.

Whoever takes a phrase literally never believes more than is true; 近 alone is below its figure, and says so openly.
"""

from quizsvc.reach.figures import FEN_PER_WAN, FEN_PER_YUAN

WAN, YI = 10**4, 10**8
OVER, NEAR, ABOUT = "余", "近", "约"
SAID_EXACTLY_BELOW = 100
MOST_DIGITS = 3
ONE_IN = 20  # the figure said is off by at most one in twenty, 5 %
TENTH_OF_WAN = FEN_PER_WAN // 10


def say(count: int, unit: str, *, style: str = OVER, digits: int = 2) -> str:
    """A count with its unit, in `digits` significant digits, in more (3 at most) when these are off by over 5 %.

    余: the count is above the figure. 近: below it. 约: not below it. A figure that is the count itself stands alone,
    and so does every count under 100. ValueError for a count below zero, other styles or digits.
    """
    if count < 0 or style not in {OVER, NEAR, ABOUT} or not 1 <= digits <= MOST_DIGITS:
        raise ValueError((count, style, digits))
    said = count if count < SAID_EXACTLY_BELOW else _rounded(count, up=style == NEAR, digits=digits)
    if said == count:
        return f"{_figure(said)}{unit}"
    return f"{_figure(said)}{OVER}{unit}" if style == OVER else f"{style}{_figure(said)}{unit}"


def _rounded(count: int, *, up: bool, digits: int) -> int:
    """The count in the fewest digits, from `digits` on, that are near enough; three always are."""
    step = 10 ** max(len(str(count)) - digits, 0)
    said = (-(-count // step) if up else count // step) * step
    near_enough = abs(count - said) * ONE_IN <= min(count, said)
    return said if near_enough else _rounded(count, up=up, digits=digits + 1)


def _figure(said: int) -> str:
    """From ten thousand on in 万, from a hundred million on in 亿: 2.94万, 123万."""
    for size, name in ((YI, "亿"), (WAN, "万")):
        if said >= size:
            whole, rest = divmod(said, size)
            decimals = f"{rest:0{len(str(size)) - 1}d}".rstrip("0")
            return f"{whole}.{decimals}{name}" if decimals else f"{whole}{name}"
    return str(said)


def say_money(fen: int) -> str:
    """A sum in 元 to the fen, from ten thousand 元 on in 万元 with one decimal, and 余 for what is above it.

    ValueError below zero.
    """
    if fen < 0:
        raise ValueError(fen)
    if fen < FEN_PER_WAN:
        yuan, rest = divmod(fen, FEN_PER_YUAN)
        return f"{yuan}.{rest:02d}元" if rest else f"{yuan}元"
    tenths, above = divmod(fen, TENTH_OF_WAN)
    whole, tenth = divmod(tenths, 10)
    return f"{whole}{f'.{tenth}' if tenth else ''}万{OVER if above else ''}元"
