"""Rules of disposal without I/O: calendar, clocks, stages, supervision, law periods, forms, sampling, measuring."""
