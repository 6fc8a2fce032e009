"""What the slice does: drafts, sending, the worker's steps, progress by signatures and deadlines, facts for others."""
