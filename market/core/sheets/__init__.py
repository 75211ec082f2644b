"""Sheets in and out: Excel workbooks and CSV files of a register, read row by row without trust."""
