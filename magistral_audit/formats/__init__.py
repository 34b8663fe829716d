"""Where Django's formats of a language are not enough."""
