"""Who signed which bytes, when: canonical JSON, commitments, signatures, timestamps, documents."""
