"""Layout, lettering, colours and curves that pictures and figures share."""
