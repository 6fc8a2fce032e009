"""Risk early warning: facts of an enterprise and month, 27 control points, one graded decision, and the warning that follows."""
