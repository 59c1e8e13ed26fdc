"""The feed of the operator's membership system, and how it comes in (rule OPS-1): streamed, repeatable, all or nothing.

faults      what is wrong, by file, row and column
cells       one cell's text → its value, or why not
sheets      the five CSV files: their columns, keys and tables
reading     a CSV file → checked rows, whatever its size
staging     rows → temporary tables
references  what only all files and the portal together can tell: repeated keys, unknown partners
merging     temporary tables → partners, locations, agreements, designations
programs    programs.json → checked programs
importing   the whole of it, in one transaction
"""
