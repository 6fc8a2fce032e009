"""The language of rule sets: what a control point may say, its document at the border, its canonical bytes and its lint."""
