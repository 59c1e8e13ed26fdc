"""The names of large banks by the number that a country's clearing gave them, to be shown back (rule PAY-3).

No register of these is free to carry along whole, and none is needed: a bank that isn't here is simply not named.
Keys are the beginning of a number; the longest that fits counts.
"""

_NAMES: dict[tuple[str, str], str] = {
    ("AU", "bsb"): """
        01 ANZ; 03 Westpac; 06 Commonwealth Bank; 08 National Australia Bank; 11 St.George Bank; 12 Bank of Queensland
        18 Macquarie Bank; 34 HSBC Australia; 48 Suncorp Bank; 63 Bendigo Bank; 73 Westpac; 923 ING Australia""",
    ("BR", "bank_code"): """
        001 Banco do Brasil; 033 Santander; 041 Banrisul; 077 Banco Inter; 104 Caixa Econômica Federal; 208 BTG Pactual
        237 Bradesco; 260 Nubank; 290 PagSeguro; 323 Mercado Pago; 336 C6 Bank; 341 Itaú Unibanco; 422 Banco Safra
        748 Sicredi; 756 Sicoob""",
    ("CA", "institution"): """
        001 Bank of Montreal; 002 Scotiabank; 003 Royal Bank of Canada; 004 TD Canada Trust; 006 National Bank of Canada
        010 CIBC; 039 Laurentian Bank; 219 ATB Financial; 614 Tangerine; 815 Desjardins""",
    ("HK", "bank_code"): """
        003 Standard Chartered; 004 HSBC; 006 Citibank; 009 China Construction Bank (Asia); 012 Bank of China
        015 Bank of East Asia; 016 DBS; 024 Hang Seng Bank; 072 ICBC (Asia)""",
    ("IN", "ifsc"): """
        BARB Bank of Baroda; CITI Citibank; CNRB Canara Bank; FDRL Federal Bank; HDFC HDFC Bank; HSBC HSBC; ICIC ICICI Bank
        IDFB IDFC FIRST Bank; INDB IndusInd Bank; KKBK Kotak Mahindra Bank; PUNB Punjab National Bank
        SBIN State Bank of India; SCBL Standard Chartered; UBIN Union Bank of India; UTIB Axis Bank; YESB YES Bank""",
    ("JP", "bank_code"): """
        0001 みずほ銀行 (Mizuho); 0005 三菱UFJ銀行 (MUFG); 0009 三井住友銀行 (SMBC); 0010 りそな銀行 (Resona)
        0033 PayPay銀行; 0035 ソニー銀行 (Sony); 0036 楽天銀行 (Rakuten); 9900 ゆうちょ銀行 (Japan Post)""",
    ("MX", "clabe"): """
        002 Banamex; 012 BBVA México; 014 Santander; 021 HSBC; 030 BanBajío; 036 Inbursa; 044 Scotiabank; 058 Banregio
        062 Afirme; 072 Banorte; 127 Banco Azteca; 137 BanCoppel; 646 STP; 722 Mercado Pago""",
    ("SG", "bank_code"): """
        7171 DBS/POSB; 7214 Citibank; 7232 HSBC; 7302 Maybank; 7339 OCBC; 7375 UOB; 9496 Standard Chartered""",
    ("ZA", "branch_code"): """
        051001 Standard Bank; 198765 Nedbank; 250655 First National Bank; 430000 African Bank; 462005 Bidvest Bank
        470010 Capitec; 580105 Investec; 632005 Absa; 678910 TymeBank; 679000 Discovery Bank""",
}


def _read(text: str) -> dict[str, str]:
    entries = (entry.strip() for line in text.splitlines() for entry in line.split(";"))
    return {code: name for code, _, name in (entry.partition(" ") for entry in entries if entry)}


NAMES = {place: _read(text) for place, text in _NAMES.items()}


def name_of(country: str, kind: str, number: str) -> str:
    """The bank's name, or nothing where the number is of no bank in the table."""
    names = NAMES.get((country, kind), {})
    return next((names[number[:size]] for size in range(len(number), 1, -1) if number[:size] in names), "")
