"""Whatever length a crash cuts the journal to: a prefix of the records comes back, and writing goes on."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from node.journal import Journal, read_lines

_records = st.lists(
    st.dictionaries(
        st.text("abc", min_size=1, max_size=3), st.one_of(st.text(max_size=40), st.integers(-9, 9))
    ),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(groups=st.lists(_records, min_size=1, max_size=4), data=st.data())
def test_any_truncation_keeps_a_prefix(groups: list[list[dict[str, object]]], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "j"
        journal, _ = Journal.open(path, "p")
        ends: list[tuple[int, int]] = [(0, 0)]
        written: list[dict[str, object]] = []
        for group in groups:
            if group:
                journal.append(group)
                written += group
                ends.append((journal.size, len(written)))
        journal.close()
        whole = path.read_bytes()
        cut = data.draw(st.integers(0, len(whole)))
        path.write_bytes(whole[:cut])
        journal, lines = Journal.open(path, "p")
        survivors = [line.record for line in lines]
        assert survivors == written[: len(survivors)]
        # Everything whose append had returned before the cut is there.
        assert len(survivors) >= max(count for end, count in ends if end <= cut)
        journal.append([{"after": 1}])
        journal.close()
        assert [line.record for line in read_lines(path, "p")] == [*survivors, {"after": 1}]
