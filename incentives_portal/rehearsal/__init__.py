"""A whole fiscal year on made-up data, in a database of its own and under a moved clock (rule OPS-2)."""
