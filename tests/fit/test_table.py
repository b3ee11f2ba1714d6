import numpy as np
import pytest

from kanpde.errors import InputError
from kanpde.fitting import read_table


@pytest.fixture
def table(tmp_path):
    def read(text, name="data.csv"):
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return read_table(file)

    return read


@pytest.mark.parametrize("delimiter", [",", ";", "\t", ", "])
def test_columns_are_read_by_name_whatever_separates_them(table, delimiter):
    rows = [("a", "b c", "y"), ("1", "2.5", "-3e2"), ("4", "", "nan")]
    found = table("\n".join(delimiter.join(r) for r in rows))
    assert found.names == ("a", "b c", "y")
    np.testing.assert_array_equal(
        found.numbers(["y", "b c", "a"]), [[-300, 2.5, 1], [np.nan, np.nan, 4]]
    )


def test_a_byte_order_mark_and_blank_lines_are_passed_over(table):
    found = table("\ufeffa,y\n\n1,2\n , \n3,4\n")
    assert found.names == ("a", "y")
    assert found.lines == [3, 5]


def test_a_first_line_of_numbers_is_data(table):
    found = table("1,2\n3,4\n")
    assert found.names == ("c1", "c2")
    np.testing.assert_array_equal(found.numbers(["c2"])[:, 0], [2, 4])


def test_labels_are_numbers_where_all_are(table):
    found = table("k,t\n1,x\n-2,y\n1,\n")
    assert found.labels("k").tolist() == [1.0, -2.0, 1.0]
    assert found.labels("t").tolist() == ["x", "y", ""]
    assert [found.is_text(n) for n in found.names] == [False, True]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "expected a line of names and rows of data, got an empty file"),
        ("a,y\n", "expected rows of data below the names, got none"),
        ("a,a\n1,2\n", "expected distinct names of columns, got 'a' twice"),
        ("a,y\n1,2\n3\n", r"data.csv:3: expected 2 cells as in the first line, got 1"),
    ],
)
def test_damaged_tables_are_refused(table, text, says):
    with pytest.raises(InputError, match=says):
        table(text)


def test_a_column_of_text_is_refused_with_its_line(table):
    found = table("a,color\n1,2\n3,red\n")
    with pytest.raises(InputError, match=r"data.csv:3: expected a number in column 'color', got"):
        found.numbers(["color"])


def test_an_unknown_column_is_answered_with_those_there_are(table):
    found = table("length,width\n1,2\n")
    with pytest.raises(InputError, match="expected a column 'lenght', got length, width; did you"):
        found.numbers(["lenght"])
    with pytest.raises(InputError, match="expected a column 'z'"):
        found.others(["z"])


def test_a_missing_file_is_told_by_its_path(tmp_path):
    with pytest.raises(
        InputError, match=r"nothing\.csv: expected a CSV file of data, got 'No such"
    ):
        read_table(tmp_path / "nothing.csv")


def test_numbers_with_underscores_or_decimal_commas_are_refused_with_the_cure(table):
    for text, cure in (("a;y\n0,5;1\n", "with a point"), ("a,y\n1_0,1\n", "--without a")):
        with pytest.raises(InputError, match=cure):
            table(text).numbers(["a"])


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Price,b\n1,2\n", "did you mean Price"),
        ("a|price\n1|2\n", "commas, semicolons or tabs"),
        ("1,2\n3,4\n", "no names, so columns are counted"),
    ],
)
def test_a_column_that_is_not_there_is_told_with_what_may_be_wrong(table, text, hint):
    with pytest.raises(InputError, match=hint):
        table(text).numbers(["price"])


def test_another_encoding_is_named(tmp_path):
    file = tmp_path / "latin.csv"
    file.write_bytes("é,y\n1,2\n".encode("latin-1"))
    with pytest.raises(InputError, match="save it as UTF-8"):
        read_table(file)
