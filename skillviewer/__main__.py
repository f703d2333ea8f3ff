"""``python -m skillviewer``: the command line."""

from skillviewer.cli.main import main

if __name__ == "__main__":
    main()
