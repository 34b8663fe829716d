"""Stacked columns, as paths of an SVG."""

from reasoning.web.charts import HEIGHT, WIDTH, columns


def test_parts_of_a_column_stand_on_one_another():
    chart = columns([[1, 3], [0, 2]])
    assert (chart.highest, HEIGHT, WIDTH) == (4, 160, 720)
    below, above = chart.paths
    assert below == "M3.00 120.00h354.00v40.00h-354.00z"
    assert above == "M3.00 0.00h354.00v120.00h-354.00zM363.00 80.00h354.00v80.00h-354.00z"


def test_nothing_is_no_column():
    assert columns([]).paths == []
    assert columns([[0, 0]]).paths == ["", ""]
    assert columns([[0, 0]]).highest == 0
