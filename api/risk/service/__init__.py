"""What people do with risk: sign warnings, close episodes, override and snooze, read lists, test candidates."""
