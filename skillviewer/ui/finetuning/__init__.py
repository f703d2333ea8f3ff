"""The Train screen: what is to be trained and what it costs, live curves, before against after, versions."""
