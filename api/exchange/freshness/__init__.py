"""Whether a dataset is as new as its owner promised, by data period and never by the time of an upload."""
