"""Numbers in Western digits with their grouping (CLDR: ar, latn); Django groups none in Arabic."""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
