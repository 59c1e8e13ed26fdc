"""Whether two spellings name the same company: case, punctuation and legal form don't count, everything else does."""

import unicodedata

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
