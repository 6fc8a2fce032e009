"""Disposal 处置 (module S5): from an issued warning to a closed case, with clocks, people, papers and honest hit rates."""
