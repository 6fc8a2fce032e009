"""SQL of the anchoring slice; functions take a session, stores that a loop drives open their own transactions."""
