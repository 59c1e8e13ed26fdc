"""Pieces of SQL keep their values in the order of their places."""

import pytest

from incentives_portal.core.fragments import Sql, joined, rows_of, sql


def test_values_stand_where_their_holes_are() -> None:
    inner = sql("b = %s AND c = %s", 2, 3)
    whole = sql("a = %s AND {inner} AND d = %s AND {inner}", 1, 4, inner=inner)
    assert whole == Sql("a = %s AND b = %s AND c = %s AND d = %s AND b = %s AND c = %s", (1, 2, 3, 4, 2, 3))


def test_what_looks_like_a_hole_within_a_piece_is_left_alone() -> None:
    assert sql("{one}", one=Sql("'{}'::jsonb")).text == "'{}'::jsonb"


def test_nothing_joined_is_what_stands_for_it() -> None:
    assert joined(" AND ", [], empty="TRUE") == Sql("TRUE")
    assert joined(" OR ", [sql("a = %s", 1), Sql("b")]) == Sql("a = %s OR b", (1,))


@pytest.mark.django_db
def test_a_value_is_never_part_of_the_text() -> None:
    assert rows_of(sql("SELECT %s::text, {more}", "'; DROP TABLE x", more=sql("%s::int", 2))) == [("'; DROP TABLE x", 2)]
