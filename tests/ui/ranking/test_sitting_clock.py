"""Times of a sitting: nothing counts while the screen is hidden."""

from skillviewer.ui.ranking.sitting_clock import SittingClock


def test_no_time_counts_while_the_screen_is_hidden() -> None:
    now = [0.0]
    clock = SittingClock(lambda: now[0])
    clock.begin()
    clock.start_turn()
    now[0] = 5.0
    clock.on_hidden()
    now[0] = 105.0
    clock.prepare_turn()  # the last turn was stored meanwhile, and the next one is prepared
    clock.set_running(running=True)
    clock.start_turn()
    now[0] = 205.0
    assert (clock.turn_s, clock.since_rest_s, clock.whole_s) == (0.0, 5.0, 5.0)
    clock.on_shown(in_turn=True, running=True)
    now[0] = 207.0
    assert (clock.turn_s, clock.since_rest_s, clock.whole_s) == (2.0, 7.0, 7.0)


def test_a_pause_stops_the_sitting_and_begins_a_new_time_to_the_next() -> None:
    now = [0.0]
    clock = SittingClock(lambda: now[0])
    clock.begin()
    now[0] = 60.0
    clock.set_running(running=False)
    now[0] = 90.0
    assert (clock.since_rest_s, clock.whole_s) == (60.0, 60.0)
    clock.end_rest()
    clock.set_running(running=True)
    now[0] = 100.0
    assert (clock.since_rest_s, clock.whole_s) == (10.0, 70.0)
    clock.end()
    assert (clock.since_rest_s, clock.whole_s) == (0.0, 0.0)
