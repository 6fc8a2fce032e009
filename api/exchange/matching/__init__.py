"""Which enterprise a department's row speaks of: the cascade, the review queue, and its remembered decisions.

The cascade is pure Polars (docs/matching.md); a link that rests on a name only is *probable* and carries no red light.
"""
