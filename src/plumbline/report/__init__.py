"""Answers in the forms people and programs take: table, JSON, JSON lines, CSV, Parquet."""
