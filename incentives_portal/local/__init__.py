"""The portal on one machine with nothing installed: PostgreSQL, Redis and a mail catcher from wheels, under one supervisor.

For the demonstration, development and tests. What supervises uses the standard library alone. Nothing here is
imported by the portal itself.
"""
