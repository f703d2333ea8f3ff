"""The window itself: pages, docks, menus, bars, guides, recovery. The only wing that knows MainWindow."""
