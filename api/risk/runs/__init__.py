"""Runs: score, fold into standings, open episodes and warnings; corrections, replay, shadow runs, backtests, index."""
