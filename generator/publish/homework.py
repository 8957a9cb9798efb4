"""Set file, roster and secret -> a folder of papers; refused where issued ones would change."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

from generator.errors import DefinitionError, PublishError, SetError
from generator.publish.books import MANIFEST, Shelf, read_record, write_books
from generator.publish.printable import without_font, without_latex
from generator.publish.progress import Report
from generator.publish.shards import RECORDS, Job, Workshop, begin, run, use
from generator.sets.certificate import probe
from generator.sets.judge import Judge
from generator.sets.model import SetFile, load_set
from generator.sets.records import Options, Record, fingerprint
from generator.sets.roster import Roster, copies, read_roster
from generator.sets.seats import Seat, seats

SECRET = "LONGHAND_SECRET"  # the environment variable
_SHORTEST = 8  # bytes of a secret
_SHARD = 16  # papers set in one go
_TEXTS = 128  # papers written in one go where no PDF is made
_TEMPORARY = re.compile(r"\..+\.[a-z0-9_]{8}")  # what a run that was killed leaves behind


@dataclass(frozen=True)
class Order:
    """What is to be built: a set, for whom, where, and how."""

    file: Path
    roster: Path | None
    folder: Path
    options: Options
    reissue: bool = False
    processes: int | None = None
    thorough: bool | None = None  # whether every line of every paper is read back; if not said, where PDFs are made

    @property
    def reads_all(self) -> bool:
        """Whether every line of every paper is read back: setting a PDF takes longer than that."""
        return "pdf" in self.options.formats if self.thorough is None else self.thorough


def build(order: Order, report: Report = lambda name, done, total: None) -> Shelf:
    """Make every paper that is not whole already, then the books. `report` is told how many papers are done.

    Raises `DefinitionError`, `SetError` or `PublishError` before anything is written where something cannot be used.
    """
    shop, roster, found = plan(order)
    issued = read_manifest(order.folder)
    whole = [seat for seat in found if _is_whole(order.folder, shop, seat)]
    kept = {seat.student.id for seat in whole}
    left = [seat for seat in found if seat.student.id not in kept]
    if issued is not None and not order.reissue:
        _refuse_changes(order, issued, found, shop)
    _sweep(order.folder, {seat.student.id for seat in found})

    def tell(done: int) -> None:
        report(shop.homework.id, len(whole) + done, len(found))

    tell(0)
    _work(order, shop, left, tell)
    shelf = Shelf(order.folder, shop, roster, found)
    write_books(shelf)
    return shelf


def plan(order: Order) -> tuple[Workshop, Roster, list[Seat]]:
    """Read and check everything, and draw the numbers; nothing is written."""
    secret = secret_of(load_set(order.file))
    shop = Workshop(Job(order.file, order.options, secret, order.reads_all))
    homework = shop.homework
    roster = _roster(order, homework)
    _check_names(roster, order.options, homework.homework.language)
    judges = [Judge(task) for task in shop.tasks]
    for judge in judges:
        probe(homework, judge)
    issued = read_manifest(order.folder)
    before = {entry["id"]: entry["attempts"] for entry in issued["students"]} if issued else {}
    same = issued is not None and issued["set"]["hash"] == homework.digest
    found = seats(secret, homework.id, judges, roster.students, before if same else None)
    return shop, roster, found


def secret_of(homework: SetFile) -> bytes:
    """The secret, from the environment or from the file that the set names. Raises `SetError` where there is none."""
    value = os.environ.get(SECRET, "").encode()
    where = f"the environment variable {SECRET}"
    if not value and homework.homework.secret is not None:
        path = homework.source.file.parent / homework.homework.secret
        where = str(path)
        try:
            value = path.read_bytes().strip()
        except OSError as error:
            found = f"{path}: {error.strerror}"
            raise homework.source.error(("secret",), found, f"a file with the secret, or {SECRET}") from None
    if not value:
        raise SetError(
            f"no secret: expected it in {SECRET}, or in a file that the set names (`secret: FILE`). Whoever knows it "
            "can compute every key, so keep it, and keep it apart from the papers"
        )
    if len(value) < _SHORTEST:
        raise SetError(f"{where}: found a secret of {len(value)} bytes; expected at least {_SHORTEST}")
    return sha256(value).digest()


def _roster(order: Order, homework: SetFile) -> Roster:
    if order.roster is not None:
        return read_roster(order.roster)
    if homework.homework.copies is None:
        raise homework.source.error((), "neither a roster nor `copies`", "--roster FILE.csv, or `copies: 30`")
    return copies(homework.homework.copies)


def _check_names(roster: Roster, options: Options, language: str) -> None:
    names = [student.name for student in roster.students]
    wrong = without_font(names) if "pdf" in options.formats else None
    expected = "letters that the fonts of this machine have (Debian: fonts-noto-core, fonts-noto-cjk)"
    if wrong is None and "latex" in options.formats:
        wrong, expected = (
            without_latex(names, language),
            "letters that LaTeX sets in this language, or no `--format latex`",
        )
    if wrong is not None:
        line = next(student.line for student in roster.students if student.name == wrong)
        raise DefinitionError(roster.file, line, "name", f"`{wrong}`", expected)


# --- what is there already ---


def read_manifest(folder: Path) -> Record | None:
    """The manifest of issued papers in a folder (`None`: nothing was issued from it)."""
    path = folder / MANIFEST
    try:
        found: Record = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise PublishError(f"{path}: found a broken manifest; expected the one that was written, or none") from None
    return found


def _is_whole(folder: Path, shop: Workshop, seat: Seat) -> bool:
    """Whether a student's record is that of the paper to be made, and every file is as it says."""
    try:
        record = read_record(folder, seat.student.id)
        if record["fingerprint"] != fingerprint(shop.homework.digest, shop.job.options, seat):
            return False
        return all(sha256((folder / path).read_bytes()).hexdigest() == hash_ for path, hash_ in record["files"].items())
    except (PublishError, OSError, KeyError, TypeError):
        return False


def _refuse_changes(order: Order, issued: Record, found: Sequence[Seat], shop: Workshop) -> None:
    """Raise `SetError` where a paper that was issued would change or go."""
    now = {seat.student.id: fingerprint(shop.homework.digest, order.options, seat) for seat in found}
    changed = [entry["id"] for entry in issued["students"] if now.get(entry["id"]) != entry["fingerprint"]]
    if changed:
        named = ", ".join(changed[:5]) + (" ..." if len(changed) > 5 else "")
        raise SetError(
            f"{order.folder}: {len(changed)} papers were issued that are not what would be made now ({named}); "
            "expected another folder, or --reissue (`longhand diff` says what changes)"
        )


def _sweep(folder: Path, students: set[str]) -> None:
    """Remove what a killed run left half-written, and the papers of students who are no longer there."""
    for place in ("students", "solutions", "instructor"):
        for path in sorted((folder / place).rglob(".*")):
            if path.is_file() and _TEMPORARY.fullmatch(path.name):
                path.unlink()
    records = folder / RECORDS
    for path in sorted(records.glob("*.json")) if records.is_dir() else ():
        if path.stem not in students:
            for name in read_record(folder, path.stem)["files"]:
                (folder / name).unlink(missing_ok=True)
                if not any((folder / name).parent.iterdir()):
                    (folder / name).parent.rmdir()
            path.unlink()


# --- the work ---


def _shards(left: Sequence[Seat], size: int) -> Iterator[Sequence[Seat]]:
    for start in range(0, len(left), size):
        yield left[start : start + size]


def _work(order: Order, shop: Workshop, left: Sequence[Seat], tell: Callable[[int], None]) -> None:
    """Make the papers that are left, in as many processes as there are processors."""
    processes = order.processes or os.cpu_count() or 1
    size = _SHARD if "pdf" in order.options.formats else _TEXTS
    done = 0
    if not left:
        return
    if processes == 1 or len(left) <= size:
        use(shop)
        for shard in _shards(left, size):
            done += run(order.folder, shard)
            tell(done)
        return
    # Fresh processes: forking one that has threads (Typst) is not safe.
    pool = ProcessPoolExecutor(processes, get_context("spawn"), begin, (shop.job,))
    try:
        for count in _results(pool, order.folder, _shards(left, size), 2 * processes):
            done += count
            tell(done)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    pool.shutdown()


def _results(pool: ProcessPoolExecutor, folder: Path, shards: Iterator[Sequence[Seat]], ahead: int) -> Iterator[int]:
    """How many papers each shard made, as they come; only a few shards wait at any time, so memory stays flat."""
    running: set[Future[int]] = set()
    for shard in shards:
        running.add(pool.submit(run, folder, shard))
        if len(running) >= ahead:
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                yield future.result()
    while running:
        ended, running = wait(running, return_when=FIRST_COMPLETED)
        for future in ended:
            yield future.result()
