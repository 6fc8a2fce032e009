"""The platform's API layer: slices of capability over a small infrastructure and a kernel without I/O."""
