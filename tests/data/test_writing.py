"""Writers: one for each suffix that results may have, in two tables."""

from nullprobe.data.formats import ARRAY_SUFFIXES, SUFFIXES, TABLE_SUFFIXES
from nullprobe.data.readers import SUFFIXES as READ
from nullprobe.data.writing import ARRAY_WRITERS, TABLE_WRITERS


def test_each_suffix_of_a_result_has_a_writer_and_a_reader():
    assert tuple(ARRAY_WRITERS) == ARRAY_SUFFIXES
    assert tuple(TABLE_WRITERS) == TABLE_SUFFIXES
    assert {*SUFFIXES} <= {*READ}
