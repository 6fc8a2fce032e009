"""The only place that wires: one module per slice builds its service from the container's parts."""
