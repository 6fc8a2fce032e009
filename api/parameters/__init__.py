"""Dated local figures, public holidays and deadlines: everything a rule counts with that a city may change.

A figure is a row with value, validity, the moment from which it was known, source and certainty; never a
constant. Rows delivered with the software stand in ``figures/``; a row that the operator enters wins over
them.
"""
