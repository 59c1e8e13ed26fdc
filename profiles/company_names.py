"""Whether two spellings name the same company: case, punctuation and legal form don't count, everything else does."""

import difflib
import unicodedata
from dataclasses import dataclass
from typing import Literal

Kind = Literal["same", "spelled", "close", "other_script", "different"]
# Of two words, how much is alike where one is a slip of the other.
NEARLY = 0.8
MOST_WORDS = 20
JAPANESE = frozenset({"HIRAGANA", "KATAKANA"})

_ONE_WORD = """
    ab aktiebolag aktiebolaget hb kb as asa ans da ivs aps oy oyj ou sia uab gmbh ag kg kgaa ohg ug se mbh
    bv nv vof bvba srl sarl sas sa sasu snc sl slu spa sapa lda ltda eireli inc incorporated corp corporation co company
    llc llp lp pllc ltd limited plc pty proprietary pvt private pte kk gk bhd sdn kft zrt nyrt sro doo dd ad eood ood
    ooo oao zao pao jsc ehf hf
"""
LEGAL_FORMS = frozenset(_ONE_WORD.split())
SEVERAL_WORDS = (("sp", "z", "oo"), ("sa", "de", "cv"), ("s", "de", "rl", "de", "cv"), ("sapi", "de", "cv"))
LEADING = frozenset({"ab", "aktiebolaget", "as", "oy"})
# Written without a space before or after the name.
ATTACHED = ("股份有限公司", "有限公司", "株式会社", "合同会社", "有限会社", "주식회사")
JOINING = frozenset(".'’/")


def same_company(one: str, other: str) -> bool:
    """Whether both name the same company; a name of which nothing is left but a legal form is like no other."""
    core = _core(one)
    return core != () and core == _core(other)


def _core(name: str) -> tuple[str, ...]:
    words = _words(name)
    while len(words) > 1 and words[0] in LEADING:
        words = words[1:]
    while words and (ending := _legal_form_at_end(words)):
        words = words[:-ending]
    return words


def _legal_form_at_end(words: tuple[str, ...]) -> int:
    """How many words at the end are a legal form."""
    for form in SEVERAL_WORDS:
        if words[-len(form) :] == form:
            return len(form)
    return 1 if words[-1] in LEGAL_FORMS else 0


def _words(name: str) -> tuple[str, ...]:
    text = unicodedata.normalize("NFKC", name).casefold()
    for form in ATTACHED:
        text = text.strip().removeprefix(form).removesuffix(form)
    joined = "".join(char for char in text if char not in JOINING)
    return tuple("".join(char if _spells(char) else " " for char in joined).split())


def _spells(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char).startswith("M")


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a name stands to the name that it should be.

    `instead` pairs words that are nearly alike, as typed and as they should be; `missing` and `extra` are the other
    words that only one of the names has. Words keep the capitals that they were written with.
    """

    kind: Kind
    instead: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


def compare(typed: str, legal: str) -> Comparison:
    """How `typed` stands to `legal`; what it is that differs, word by word."""
    if same_company(typed, legal):
        return Comparison("same" if " ".join(typed.split()) == " ".join(legal.split()) else "spelled")
    if not _scripts(typed) & _scripts(legal):
        return Comparison("other_script")
    ours, theirs = _core(typed), _core(legal)
    extra, missing = [word for word in ours if word not in theirs], [word for word in theirs if word not in ours]
    instead = _nearly_alike(extra, missing)
    told = {word for pair in instead for word in pair}
    written = _as_written(typed) | _as_written(legal)
    close = bool(instead) or bool(set(ours) & set(theirs)) or "".join(ours) == "".join(theirs)
    return Comparison(
        "close" if close else "different",
        tuple((written.get(one, one), written.get(other, other)) for one, other in instead),
        tuple(written.get(word, word) for word in missing if word not in told),
        tuple(written.get(word, word) for word in extra if word not in told),
    )


def _nearly_alike(extra: list[str], missing: list[str]) -> list[tuple[str, str]]:
    """Pairs of words that one slip of the finger tells apart, each word in one pair at most."""
    pairs, left = [], list(missing)
    for word in extra[:MOST_WORDS]:
        alike = difflib.get_close_matches(word, left[:MOST_WORDS], n=1, cutoff=NEARLY)
        if alike:
            left.remove(alike[0])
            pairs.append((word, alike[0]))
    return pairs


def _as_written(name: str) -> dict[str, str]:
    words = {_words(token): token.strip(",;:") for token in name.split()}
    return {key[0]: token for key, token in words.items() if len(key) == 1}


def _scripts(name: str) -> set[str]:
    """The scripts that a name is written in, as Unicode names their letters; kana and kanji count as one."""
    letters = (
        unicodedata.name(char, "").split(" ")[0].split("-")[0] for char in unicodedata.normalize("NFKC", name) if char.isalpha()
    )
    return {"CJK" if script in JAPANESE else script for script in letters}
