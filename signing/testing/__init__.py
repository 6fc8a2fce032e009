"""TEST authorities: identity provider, SMS gateway, CA and TSA, each a loopback HTTP program of its own.

Everything they give out says TEST. They exist for demonstrations and tests; no product code imports them.
"""
