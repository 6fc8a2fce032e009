"""Versions of the rule set: drafted, validated, published by a second person, in force from a day and known from a moment."""
