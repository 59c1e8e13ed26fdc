"""The questions that the screens ask, one module per screen."""
