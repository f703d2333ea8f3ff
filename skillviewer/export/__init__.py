"""What leaves the program: clips, sheets, tables, reports."""
