"""A state machine over the study file: what was promised to the user against what the file and its copies hold."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import StudyError
from skillviewer.data.study import NewVideo, Study, Vote
from skillviewer.data.study.archive.archive import pack
from skillviewer.data.study.archive.archive_format import ArchiveOptions
from skillviewer.data.study.archive.unpack import unpack
from skillviewer.data.study.backups import MAX_LATEST
from skillviewer.data.study.exchange.study_import import import_into_study
from tests.hostile.killed import Victims
from tests.hostile.promised_study import (
    UNDONE_BACK,
    PromisedRemark,
    PromisedRequest,
    PromisedStudy,
    PromisedVideo,
    Seen,
    seen_in,
)

N_FILES = 6
RATERS = ("Ann", "Ben", "Zoë")
NUMBERS = st.integers(0, 1000)  # taken modulo what there is, so that a replay never draws from another range
VERDICTS = st.sampled_from((1, 0, -1, None))


@dataclass(frozen=True)
class Step:
    """A change that can be undone: how, in the study and in the model, and what was seen before."""

    study: Callable[[Study], object]
    model: Callable[[PromisedStudy], object]
    before: Seen


class StudyMachine(RuleBasedStateMachine):
    """One writer, one reader, a copy of a second rater, backups and archives of one study."""

    victims: Victims
    """Given by whoever runs the machine, which closes them."""
    done: ClassVar[Counter[str]] = Counter()
    """Acts, in all runs."""

    def __init__(self) -> None:
        super().__init__()
        memory = Path("/dev/shm")  # a disk would write for minutes, and the promises are the same
        self.folder = Path(tempfile.mkdtemp(prefix="study-machine-", dir=memory if memory.is_dir() else None))
        self.files = [self.folder / "videos" / f"clip-{i}.mp4" for i in range(N_FILES)]
        self.files[0].parent.mkdir()
        for file in self.files:
            file.write_bytes(f"the video {file.name}".encode())
        self.model = PromisedStudy()
        self.backups: dict[str, PromisedStudy] = {}
        self.undo_steps: list[Step] = []
        self.copy: tuple[Path, PromisedStudy] | None = None
        self.reader: Study | None = None
        self.n_made = 0
        (self.folder / "study").mkdir()
        self.study = Study.create(self.folder / "study" / "peg transfer")

    @initialize()
    def begin(self) -> None:
        for at in range(3):
            self.add_video(at)
        for at in range(3):
            self.vote_once((at, at), 1 - at, RATERS[at], f"{self.new_name('reason')};")
        self.remark(0, on_study=False, moment=False)

    def new_name(self, kind: str) -> str:
        self.n_made += 1
        return f"{kind}-{self.n_made}"

    def name(self, content: str) -> str:
        """Return the present name of a video."""
        return self.model.videos[content].name

    def pair(self, first: int, second: int, model: PromisedStudy) -> tuple[str, str] | None:
        present = model.present()
        if len(present) < 2:
            return None
        left = first % len(present)
        right = (left + 1 + second % (len(present) - 1)) % len(present)
        return present[left], present[right]

    def did(self, study: Callable[[Study], object], model: Callable[[PromisedStudy], object], before: Seen) -> None:
        self.undo_steps.append(Step(study, model, before))

    # videos

    @rule(at=NUMBERS)
    def add_video(self, at: int) -> None:
        file = self.files[at % N_FILES]
        content = file.stem
        known = self.model.videos.get(content)
        before = self.model.seen()
        added = self.study.videos.add([NewVideo(file)])
        assert not added.problems
        if known is None:
            self.model.videos[content] = PromisedVideo(content)
        else:
            assert added.known_names == (known.name,)
            known.removed = False
        (name,) = added.names
        assert name == self.model.videos[content].name
        if before != self.model.seen():
            self.did(lambda study: study.videos.remove(self.name(content)), _removed(content, removed=True), before)

    @rule(at=NUMBERS)
    def remove_video(self, at: int) -> None:
        present, before = self.model.present(), self.model.seen()
        if present:
            content = present[at % len(present)]
            self.study.videos.remove(self.name(content))
            self.model.videos[content].removed = True
            self.did(lambda study: study.videos.restore(self.name(content)), _removed(content, removed=False), before)

    @rule(at=NUMBERS, column=st.sampled_from(("name", "participant", "notes")))
    def change_video(self, at: int, column: str) -> None:
        present, before = self.model.present(), self.model.seen()
        if not present:
            return
        content, value = present[at % len(present)], self.new_name(column)
        old = getattr(self.model.videos[content], column)
        self.study.videos.change(self.model.videos[content].name, **{column: value})
        setattr(self.model.videos[content], column, value)
        self.did(
            lambda study: study.videos.change(self.model.videos[content].name, **{column: old}),
            lambda model: setattr(model.videos[content], column, old),
            before,
        )

    @rule(at=NUMBERS)
    def erase_video(self, at: int) -> None:
        if self.model.videos:
            self.erase(list(self.model.videos)[at % len(self.model.videos)])

    def digest(self, content: str) -> str:
        return str(
            self.study._file.scalar("SELECT digest FROM video WHERE name = ?", (self.model.videos[content].name,))
        )

    def erase(self, content: str) -> None:
        secrets = [r.text for r in self.model.remarks if r.video == content]
        secrets += [v.reason for v in self.model.votes if content in {v.left, v.right} and v.reason]
        digest = self.digest(content)
        self.done["erasures"] += 1
        self.study.erase([digest])
        self.erased(content)
        left = b"".join(p.read_bytes() for p in (self.folder / "study").rglob("*") if p.is_file())
        assert [secret for secret in (*secrets, digest) if secret.encode() in left] == []

    def erased(self, content: str) -> None:
        self.model.erase(content)
        self.undo_steps.clear()
        self.backups = {name: model for name, model in self.backups.items() if content not in model.videos}
        self.note_backup()

    # votes

    @rule(
        several=st.lists(
            st.tuples(NUMBERS, NUMBERS, VERDICTS, st.sampled_from(RATERS), st.booleans()), min_size=1, max_size=5
        )
    )
    def vote(self, several: list[tuple[int, int, int | None, str, bool]]) -> None:
        for first, second, verdict, rater, why in several:
            self.vote_once((first, second), verdict, rater, f"{self.new_name('reason')};" if why else "")

    def vote_once(self, numbers: tuple[int, int], verdict: int | None, rater: str, reason: str) -> None:
        chosen, before = self.pair(*numbers, self.model), self.model.seen()
        if chosen is None:
            return
        cast = self.study.votes.cast(self.ballot(chosen, verdict, rater, self.model, reason))
        self.model.add_vote(cast)
        self.done["votes"] += 1
        self.did(lambda study: study.votes.withdraw(cast.id), _withdrawn(cast.key), before)

    @staticmethod
    def ballot(pair: tuple[str, str], verdict: int | None, rater: str, model: PromisedStudy, reason: str = "") -> Vote:
        left, right = (model.videos[content].name for content in pair)
        return Vote(left, right, None if verdict is None else Verdict(verdict), rater, reason=reason)

    @rule(at=NUMBERS)
    def withdraw_vote(self, at: int) -> None:
        standing = [vote.key for vote in self.model.votes if not vote.withdrawn]
        if standing:
            key = standing[at % len(standing)]
            number = next(vote.id for vote in self.study.votes.all() if vote.key == key)
            self.study.votes.withdraw(number)
            _withdrawn(key)(self.model)
            self.undo_steps.clear()
            with pytest.raises(StudyError, match="already"):
                self.study.votes.withdraw(number)

    @rule(first=NUMBERS, verdict=VERDICTS, fails=st.booleans())
    def votes_at_once(self, first: int, verdict: int | None, fails: bool) -> None:
        pairs = [p for p in (self.pair(first, i, self.model) for i in range(2)) if p is not None]
        before, cast = self.model.seen(), []
        try:
            with self.study.transaction():
                cast = [self.study.votes.cast(self.ballot(pair, verdict, "Ann", self.model)) for pair in pairs]
                if self.reader is not None:
                    assert seen_in(self.reader) == before, "a reader sees only what is committed"
                if fails:
                    _fail()
        except RuntimeError:
            return
        for vote in cast:
            self.model.add_vote(vote)
        self.undo_steps.clear()

    # remarks and the queue

    @rule(at=NUMBERS, on_study=st.booleans(), moment=st.booleans())
    def remark(self, at: int, on_study: bool, moment: bool) -> None:
        present, before = self.model.present(), self.model.seen()
        content = present[at % len(present)] if present and not (on_study and not moment) else None
        name, text = None if content is None else self.model.videos[content].name, f"{self.new_name('remark')};"
        if moment and name is not None:
            number = self.study.annotations.save_moment(name, 0.5, 0.5 + at, label=text, author="Ann") if at else 0
        else:
            number = self.study.annotations.write_note(text, author="Ann", video=name)
        if not number:
            return
        interval_s = (0.5, 0.5 + at) if moment and name is not None else None
        self.model.remarks.append(PromisedRemark(number, content, text, interval_s))
        kind = "note" if interval_s is None else "moment"
        self.did(lambda study: study.annotations.remove(kind, number), _unremarked(text, removed=True), before)  # type: ignore[arg-type]

    @rule(at=NUMBERS)
    def remove_remark(self, at: int) -> None:
        there, before = [r for r in self.model.remarks if not r.removed], self.model.seen()
        if there:
            chosen = there[at % len(there)]
            kind = "note" if chosen.interval_s is None else "moment"
            self.study.annotations.remove(kind, chosen.number)  # type: ignore[arg-type]
            chosen.removed = True
            self.did(
                lambda study: study.annotations.restore(kind, chosen.number),  # type: ignore[arg-type]
                _unremarked(chosen.text, removed=False),
                before,
            )

    @rule(first=NUMBERS, second=NUMBERS)
    def refresh_interface(self, first: int, second: int) -> None:
        chosen, before = self.pair(first, second, self.model), self.model.seen()
        if chosen is None:
            return
        asked_at = datetime.now(UTC)
        numbers = self.study.rejudge_queue.add([frozenset(self.model.videos[content].name for content in chosen)])
        known = frozenset(vote.key for vote in self.model.votes)
        self.model.requests += [PromisedRequest(number, frozenset(chosen), asked_at, known) for number in numbers]
        if numbers:
            self.did(lambda study: study.rejudge_queue.undo_add(numbers), _unasked(numbers, removed=True), before)

    @rule()
    def undo(self) -> None:
        if self.undo_steps:
            step = self.undo_steps.pop()
            self.done["undone"] += 1
            step.study(self.study)
            step.model(self.model)
            seen = seen_in(self.study)
            assert {part: seen[part] for part in UNDONE_BACK} == {part: step.before[part] for part in UNDONE_BACK}

    # openers, kills, copies

    @rule(on=st.booleans())
    def read_beside(self, on: bool) -> None:
        if self.reader is not None:
            self.reader.close()
        self.reader = Study.open(self.study.path, read_only=True) if on else None

    @rule()
    def open_twice(self) -> None:
        with Study.open(self.study.path) as second:
            assert second.read_only
            assert seen_in(second) == self.model.seen()
            with pytest.raises(StudyError, match="reading only"):
                second.votes.add_rater("thief")

    @rule(tidy=st.booleans())
    def reopen(self, tidy: bool) -> None:
        path = self.study.path
        if tidy:
            self.study.close()
        else:  # as when the process ends: the system closes its files, and nothing else happens
            self.study._file._connection.close()
            assert self.study._file._lock is not None
            self.study._file._lock.release()
        self.open_again(path)

    def open_again(self, path: Path) -> None:
        self.study = Study.open(path)
        assert not self.study.read_only, self.study.notices
        self.note_backup()

    @rule(
        pairs=st.lists(st.tuples(NUMBERS, NUMBERS, VERDICTS), min_size=1, max_size=4),
        end=st.one_of(
            st.tuples(st.just("after"), st.integers(0, 3)),
            st.tuples(st.just("inside"), st.integers(0, 3)),
            st.tuples(st.just("steps"), st.integers(1, 120)),
            st.tuples(st.just("microseconds"), st.integers(0, 30_000)),
        ),
    )
    def kill_a_voter(self, pairs: list[tuple[int, int, int | None]], end: tuple[str, int]) -> None:
        chosen = [(pair, verdict) for f, s, verdict in pairs if (pair := self.pair(f, s, self.model)) is not None]
        path = self.study.path
        self.study.close()
        names = [[*(self.model.videos[c].name for c in pair), verdict, "Ben"] for pair, verdict in chosen]
        self.done["kills"] += 1
        stored = self.victims.run(path, votes=names, **{end[0]: end[1]})
        with Study.open(path, read_only=True) as study:
            known = {vote.key for vote in self.model.votes}
            new = [vote for vote in study.votes.all() if vote.key not in known]
        assert [vote.key for vote in new][: len(stored)] == stored, "an acknowledged vote is there"
        assert len(new) <= len(stored) + 1, "at most the vote that was being stored is there too"
        found = [[v.left, v.right, None if v.verdict is None else int(v.verdict), v.rater] for v in new]
        assert found == names[: len(new)]
        for vote in new:
            self.model.add_vote(vote)
        if new:
            self.undo_steps.clear()
        self.adopt_rater("Ben", path)
        self.adopt_backups(path, self.model)
        self.open_again(path)

    def adopt_rater(self, rater: str, path: Path) -> None:
        """A rater may have been stored by the vote that was being stored; nothing else may."""
        with Study.open(path, read_only=True) as study:
            assert study.votes.raters() in {tuple(self.model.raters), (*self.model.raters, rater)}
            self.model.raters = list(study.votes.raters())

    def adopt_backups(self, path: Path, *held: PromisedStudy) -> None:
        """Take in the backups that a killed process made; they hold what the study held at some time.

        Args:
            path: The study.
            held: What it held, with all votes that were given by then.
        """
        folder = path.with_name(f"{path.name}-backups")
        there = {backup.name for backup in folder.glob("????-??-?? *.skillstudy")}
        for name in there - set(self.backups):
            with Study.open(folder / name, read_only=True) as study:
                seen, kept, raters = seen_in(study), {v.key for v in study.votes.all()}, list(study.votes.raters())
            models = [deepcopy(model) for model in held]
            for model in models:
                model.votes, model.raters = [vote for vote in model.votes if vote.key in kept], raters
            self.backups[name] = next(model for model in models if model.seen() == seen)
        self.backups = {name: model for name, model in self.backups.items() if name in there}

    @rule(at=NUMBERS, steps=st.integers(1, 400))
    def kill_an_eraser(self, at: int, steps: int) -> None:
        if not self.model.videos:
            return
        content = list(self.model.videos)[at % len(self.model.videos)]
        digest, path = self.digest(content), self.study.path
        self.study.close()
        self.done["kills"] += 1
        self.victims.run(path, erase=digest, steps=steps)
        self.study = Study.open(path)
        before = deepcopy(self.model)
        if seen_in(self.study) != before.seen():
            self.model.erase(content)
            assert seen_in(self.study) == self.model.seen(), "all of the video is erased, or nothing"
        self.adopt_backups(path, before, self.model)
        self.study.erase([digest])  # the user asks once more
        self.erased(content)

    @rule()
    def copy_the_file_alone(self) -> None:
        place = self.folder / "alone.skillstudy"
        shutil.copyfile(self.study.path, place)
        with Study.open(place, read_only=True) as copied:
            assert seen_in(copied) == self.model.seen()

    @rule()
    def give_a_copy(self) -> None:
        path = self.folder / f"{self.new_name('copy')}.skillstudy"
        self.study.save_as(path)
        self.copy = path, deepcopy(self.model)

    @precondition(lambda self: self.copy is not None)
    @rule(act=st.sampled_from(("vote", "withdraw", "add", "remove")), first=NUMBERS, second=NUMBERS, verdict=VERDICTS)
    def work_on_the_copy(self, act: str, first: int, second: int, verdict: int | None) -> None:
        assert self.copy is not None
        path, model = self.copy
        standing, present, file = (
            [v for v in model.votes if not v.withdrawn],
            model.present(),
            self.files[first % N_FILES],
        )
        chosen = self.pair(first, second, model)
        with Study.open(path) as study:
            if act == "vote" and chosen is not None:
                model.add_vote(study.votes.cast(self.ballot(chosen, verdict, RATERS[first % 3], model)))
            elif act == "withdraw" and standing:
                vote = standing[first % len(standing)]
                study.votes.withdraw(next(v.id for v in study.votes.all() if v.key == vote.key))
                vote.withdrawn = True
            elif act == "add":
                study.videos.add([NewVideo(file)])
                model.videos.setdefault(file.stem, PromisedVideo(file.stem)).removed = False
            elif act == "remove" and present:
                study.videos.remove(model.videos[present[first % len(present)]].name)
                model.videos[present[first % len(present)]].removed = True
            assert seen_in(study) == model.seen()

    @precondition(lambda self: self.copy is not None)
    @rule()
    def merge_the_copy(self) -> None:
        assert self.copy is not None
        path, model = self.copy
        expected = self.model.merge(model)
        self.done["merges"] += 1
        assert import_into_study(self.study, path).n_votes == expected
        assert import_into_study(self.study, path).n_votes == 0, "a second import adds nothing"
        self.undo_steps.clear()

    # backups and archives

    def note_backup(self) -> None:
        """Check that the newest backup holds the study as it is."""
        newest, *_ = self.study.backups()
        self.backups.setdefault(newest.name, deepcopy(self.model))
        with Study.open(newest, read_only=True) as kept:
            assert seen_in(kept) == self.model.seen(), "the newest backup holds what the study held when it was opened"
        self.check_backups()

    def check_backups(self) -> None:
        there = [backup.name for backup in self.study.backups()]
        assert there == sorted(self.backups, reverse=True)[: len(there)]
        assert len(there) in {
            min(len(self.backups), MAX_LATEST),
            min(len(self.backups), MAX_LATEST + 1),
        }  # midnight may lie between
        self.backups = {name: self.backups[name] for name in there}

    @rule()
    def back_up(self) -> None:
        self.backups[self.study.back_up().name] = deepcopy(self.model)
        self.check_backups()

    @rule(at=NUMBERS)
    def restore(self, at: int) -> None:
        there, path = self.study.backups(), self.study.path
        if not there:
            return
        if self.reader is not None:
            self.reader.close()
            self.reader = None
        chosen = there[at % len(there)]
        with pytest.raises(StudyError, match="open in another window"):
            Study.restore(chosen, path)
        self.study.close()
        Study.restore(chosen, path)
        self.done["restored"] += 1
        self.model = deepcopy(self.backups[chosen.name])
        self.undo_steps.clear()
        self.open_again(path)

    @rule(names=st.booleans())
    def send_an_archive(self, names: bool) -> None:
        place = self.folder / self.new_name("archive")
        archive = place.with_suffix(".skillarchive")
        pack(self.study.path, archive, ArchiveOptions(models=False, analyses=False, videos=names, pseudonyms=not names))
        came = unpack(archive, place)
        self.done["archives"] += 1
        with Study.open(came) as study:
            seen, before = seen_in(study), self.model.seen()
            if names:
                assert seen == before
            else:
                assert _anonymous(seen) == _anonymous(before)
        if names:
            assert import_into_study(self.study, came).n_votes == 0
        shutil.rmtree(place)

    # always

    @invariant()
    def holds_what_was_promised(self) -> None:
        self.done["steps"] += 1
        expected = self.model.seen()
        assert seen_in(self.study) == expected
        if self.reader is not None:
            assert seen_in(self.reader) == expected

    def teardown(self) -> None:
        if self.reader is not None:
            self.reader.close()
        self.study.close()
        shutil.rmtree(self.folder)


def _fail() -> None:
    raise RuntimeError("planted")


def _removed(content: str, *, removed: bool) -> Callable[[PromisedStudy], None]:
    return lambda model: setattr(model.videos[content], "removed", removed)


def _withdrawn(key: str) -> Callable[[PromisedStudy], None]:
    return lambda model: setattr(next(vote for vote in model.votes if vote.key == key), "withdrawn", True)


def _unremarked(text: str, *, removed: bool) -> Callable[[PromisedStudy], None]:
    return lambda model: setattr(next(r for r in model.remarks if r.text == text), "removed", removed)


def _unasked(numbers: tuple[int, ...], *, removed: bool) -> Callable[[PromisedStudy], None]:
    def change(model: PromisedStudy) -> None:
        for request in model.requests:
            request.removed = removed if request.number in numbers else request.removed

    return change


def _anonymous(seen: Seen) -> list[tuple[object, ...]]:
    """Return the votes with videos and raters by the order in which they first come."""
    ids: dict[str, int] = {}
    return [
        (*(ids.setdefault(name, len(ids)) for name in (left, right, f"rater {rater}")), verdict, withdrawn)
        for _, left, right, verdict, rater, _, _, withdrawn in seen["votes"]
    ]
