"""Evidence: packages for the parties and the court, supervision exports, public verification, paper copies.

A package is put together from what the other slices keep each time it is asked for; nothing of it is stored in clear.
"""
