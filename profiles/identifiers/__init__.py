"""Bank and tax identifiers: which ones a country uses, and whether a typed one can be right (rules PAY-3, TAX-1).

Pure: no database, no clock, no network. `bank` and `tax` are tables of what is asked for; `checking` is the door to the
checks. Refusals are codes, whose texts stand in `profiles.reasons`. Nothing here logs, and no message repeats a number.
"""
