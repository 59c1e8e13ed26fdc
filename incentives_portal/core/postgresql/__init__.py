"""Django's PostgreSQL, told before each statement what may be seen (`core.wall`). Setting ENGINE names this package."""
